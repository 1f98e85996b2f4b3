//! Each mechanism with a server that lists it, and with one that does not.

use smtp::error::EncodeError;
use smtp::{Error, Refusal};
use tests::support::{MechanismRow, mechanisms};
use tests::{error, secured};

/// Logs in to a server of this dialogue, and gives the refusal.
async fn refusal(row: &MechanismRow, offers: &[&str], dialogue: &str) -> Option<Refusal> {
    // A token has no spaces, and a passphrase of one-time passwords ten characters or more.
    let mut mechanism = row.make?("me", "pencil-and-paper");
    let (connection, peer) = secured(offers, dialogue).await;
    let error = error(connection.authenticate(mechanism.as_mut()).await);
    peer.finish();
    match error {
        Error::Refused(refusal) => Some(refusal),
        error => panic!("{}: {error}", row.name),
    }
}

/// AUTH goes out with the name of the row, and each code of RFC 4954 §6 is the server's refusal.
#[tokio::test(start_paused = true)]
async fn offered() {
    for row in mechanisms().iter().filter(|row| !row.is_kerberos()) {
        let offers = format!("AUTH {}", row.name);
        for code in [432, 454, 500, 501, 503, 504, 530, 534, 535, 538] {
            let dialogue = format!("C: AUTH {}*\nS: {code} no", row.name);
            let refusal = refusal(row, &[&offers], &dialogue).await.expect("a mechanism");
            let found = refusal.reply().map(|reply| reply.code().value());
            assert_eq!((found, refusal.is_local()), (Some(code), false), "{}", row.name);
            assert_eq!(refusal.is_transient(), code < 500, "{}: {code}", row.name);
        }
    }
}

/// Nothing is sent to a server that lists another one, or none.
#[tokio::test(start_paused = true)]
async fn not_offered() {
    for row in mechanisms().iter().filter(|row| !row.is_kerberos()) {
        for offers in [&["AUTH X-OTHER"][..], &["AUTH"], &[]] {
            let refusal = refusal(row, offers, "").await.expect("a mechanism");
            assert!(refusal.is_local() && refusal.reply().is_none(), "{}: {refusal}", row.name);
            let missing = refusal.encode_error().and_then(EncodeError::missing_keyword);
            let named = refusal.to_string().contains(row.name) || missing == Some("AUTH");
            assert!(named, "{}: {refusal}", row.name);
        }
    }
}
