//! NTLM and OTP on the wire: prompts that are no base64, cancelling, and success that comes early.

use smtp::auth::{Ntlm, Otp};
use smtp::error::ProtocolError;
use smtp::{Error, Mechanism};
use tests::{error, secured};

/// `NEGOTIATE_MESSAGE`, always the same.
const NEGOTIATE: &str = "TlRMTVNTUAABAAAABYIIoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
/// `CHALLENGE_MESSAGE` of Cyrus SASL.
const CHALLENGE: &str = "TlRMTVNTUAACAAAAIgAiADAAAAAFggIAKAvr497qrlcAAAAAAAAAAAAAAAAAAAAATQBBAEkATAAuAEUAWABB\
                         AE0AUABMAEUALgBUAEUAUwBUAA==";

/// Authenticates with a mechanism that the server offers.
async fn authenticate(mechanism: &mut dyn Mechanism, dialogue: &str) -> Result<(), Error> {
    let offers = format!("AUTH {}", mechanism.name());
    let (connection, peer) = secured(&[&*offers], dialogue).await;
    let result = connection.authenticate(mechanism).await;
    peer.finish();
    result.map(|_| ()).map_err(Error::from)
}

#[tokio::test(start_paused = true)]
async fn the_prompt_of_ntlm_is_any_text() {
    for prompt in ["ntlm supported", "NTLM supported, =%", "", "TlRMTVNTUAAC"] {
        let dialogue = format!(
            "C: AUTH NTLM\nS: 334 {prompt}\nC: {NEGOTIATE}\nS: 334 {CHALLENGE}\nC: TlRMTVNTUAAD*\n\
             S: 235 ok"
        );
        let mut ntlm = Ntlm::new("EXAMPLE\\me", "pencil");
        authenticate(&mut ntlm, &dialogue).await.expect("a login");
    }
}

#[tokio::test(start_paused = true)]
async fn otp_answers_one_challenge() {
    let begin = "C: AUTH OTP AHRpbQ==\nS: 334 b3RwLW1kNSA0OTkga2UxMjM0IGV4dA==\n\
                 C: aGV4OjViZjA3NWQ5OTU5ZDAzNmY=\n";
    let mut otp = Otp::new("tim", "This is a test.");
    authenticate(&mut otp, &format!("{begin}S: 235 ok")).await.expect("a login");
    let more = format!("{begin}S: 334 b3RwLW1kNSA0OTggZQ==\nC: \\*\nS: 501 no");
    authenticate(&mut otp, &more).await.expect_err("a second challenge");
}

/// A challenge that cannot be answered is cancelled, and the session goes on.
#[tokio::test(start_paused = true)]
async fn challenges_that_cannot_be_answered() {
    let ntlm = format!("C: AUTH NTLM\nS: 334 ntlm supported\nC: {NEGOTIATE}\n");
    let otp = "C: AUTH OTP AHRpbQ==\n".to_owned();
    let table: [(&mut dyn Mechanism, &String, &str, &str); 4] = [
        (&mut Ntlm::new("me", "pencil"), &ntlm, "TlRMTVNTUAAC", "none of NTLM"),
        (&mut Ntlm::new("me", "pencil"), &ntlm, "ntlm supported", "not base64"),
        // otp-md4 499 ke1234 ext
        (
            &mut Otp::new("tim", "This is a test."),
            &otp,
            "b3RwLW1kNCA0OTkga2UxMjM0IGV4dA==",
            "of MD4",
        ),
        // otp-md5 0 ke1234 ext
        (&mut Otp::new("tim", "This is a test."), &otp, "b3RwLW1kNSAwIGtlMTIzNCBleHQ=", "used up"),
    ];
    for (mechanism, begin, challenge, why) in table {
        let dialogue = format!("{begin}S: 334 {challenge}\nC: \\*\nS: 501 cancelled");
        let error = authenticate(mechanism, &dialogue).await.expect_err(why);
        assert!(matches!(error, Error::Refused(_)), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// A server that says yes before the proof was sent did not check it.
#[tokio::test(start_paused = true)]
async fn success_that_comes_early() {
    let table: [(&mut dyn Mechanism, String); 3] = [
        (&mut Ntlm::new("me", "pencil"), "C: AUTH NTLM\nS: 235 ok".to_owned()),
        (
            &mut Ntlm::new("me", "pencil"),
            format!("C: AUTH NTLM\nS: 334 \nC: {NEGOTIATE}\nS: 235 ok"),
        ),
        (&mut Otp::new("tim", "This is a test."), "C: AUTH OTP AHRpbQ==\nS: 235 ok".to_owned()),
    ];
    for (mechanism, dialogue) in table {
        let error = authenticate(mechanism, &dialogue).await.expect_err("an early success");
        let Error::Lost(lost) = &error else { panic!("{error}") };
        assert!(matches!(lost.protocol(), Some(ProtocolError::UnverifiedSuccess(_))), "{lost}");
    }
}

/// A passphrase that no server takes is refused before anything is sent.
#[tokio::test(start_paused = true)]
async fn errors_of_the_caller_are_local() {
    for (user, password) in [("me", "short"), ("", "This is a test.")] {
        let (connection, peer) = secured(&["AUTH OTP"], "").await;
        let refused = error(connection.authenticate(&mut Otp::new(user, password)).await);
        assert!(matches!(&refused, Error::Refused(refusal) if refusal.is_local()), "{refused}");
        peer.finish();
    }
    for (user, password) in [("me", ""), ("", "pencil"), ("EXAMPLE\\", "pencil")] {
        let (connection, peer) = secured(&["AUTH NTLM"], "").await;
        let refused = error(connection.authenticate(&mut Ntlm::new(user, password)).await);
        assert!(matches!(&refused, Error::Refused(refusal) if refusal.is_local()), "{refused}");
        peer.finish();
    }
}
