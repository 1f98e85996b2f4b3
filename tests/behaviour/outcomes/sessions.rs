//! EHLO in a session that has begun.

use smtp::Error;
use smtp::command::Noop;
use smtp::error::Blame;
use tests::{Fate as _, authed, greeted, script, secured};

use super::{PIPELINING, envelope};

/// HELO is for a server that never accepted EHLO (RFC 5321 §4.1.4): one that did keeps its offers.
#[tokio::test(start_paused = true)]
async fn a_second_ehlo_that_is_refused_changes_nothing() {
    for code in [500, 501, 502, 503, 504, 550, 450] {
        let dialogue = format!(
            "C: EHLO *\nS: {code} no
             C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok"
        );
        let (mut connection, peer) = greeted(script(&["PIPELINING", "SIZE 10"], &dialogue)).await;
        let refused = connection.ehlo().await;
        let Err(Error::Refused(refusal)) = refused else {
            panic!("{code}: {refused:?}");
        };
        assert_eq!(refusal.reply().map(|reply| reply.code().value()), Some(code));
        assert_eq!((refusal.command(), refusal.blame()), ("EHLO", Blame::Server));
        assert!(connection.capabilities().has("PIPELINING"));
        assert!(connection.capabilities().has("SIZE"));
        // The commands before the message still leave in one flight.
        let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_ehlo_inside_tls_or_after_a_login_that_is_refused_changes_nothing() {
    let dialogue = "C: EHLO *\nS: 503 no\nC: NOOP\nS: 250 ok";
    let (mut connection, peer) = secured(PIPELINING, dialogue).await;
    assert!(
        matches!(connection.ehlo().await, Err(Error::Refused(refusal)) if refusal.is_permanent())
    );
    assert!(connection.capabilities().has("PIPELINING"));
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();

    let (mut connection, peer) = authed(PIPELINING, dialogue).await;
    assert!(
        matches!(connection.ehlo().await, Err(Error::Refused(refusal)) if refusal.is_permanent())
    );
    assert!(connection.capabilities().has("PIPELINING"));
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// The offers of the second EHLO hold from then on.
#[tokio::test(start_paused = true)]
async fn a_second_ehlo_that_is_accepted_replaces_the_offers() {
    let dialogue = "C: EHLO *\nS: 250-mail.example.test\nS: 250 SIZE 5\nC: MAIL *\nS: 550 no";
    let (mut connection, peer) = greeted(script(PIPELINING, dialogue).lockstep()).await;
    connection.ehlo().await.expect("EHLO");
    assert!(!connection.capabilities().has("PIPELINING"));
    let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
    assert_eq!(result.fate(), "Refused permanent Server 550 | -:550");
    peer.finish();
}
