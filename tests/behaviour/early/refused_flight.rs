//! A flight of AUTH, MAIL and RCPT that is refused, or not taken: nothing of the message leaves, and
//! it is sent once.

use std::time::Duration;

use smtp::auth::{AccessToken, Credentials, Need, TokenError, XOauth2};
use smtp::error::{Blame, Fault};
use smtp::message::RecipientOutcome;
use smtp::{DeliverError, Error, Plain, Submission};
use tests::Fate as _;

use super::in_tls;
use super::{AUTH, Bed, COMMANDS, MESSAGE, OFFERS, QUIT, TAKEN, alone, chunked, envelope, flight};

type Fates = (Result<String, DeliverError>, Bed);

/// Sends over these sessions, and gives the fate of the message.
async fn send(bed: Bed) -> Fates {
    let submission = chunked(&bed).auth_with(|| Plain::new("me", "pencil"));
    send_by(&submission, bed).await
}

async fn send_by<F>(submission: &Submission<smtp::connect::WithMechanismFrom<F>>, bed: Bed) -> Fates
where
    F: Fn() -> Plain,
{
    let sent = submission.connect_and_deliver(&envelope(), "x\r\n".to_owned()).await;
    let fate = match sent {
        Ok((connection, result)) => {
            connection.quit().await.expect("QUIT");
            Ok(result.fate())
        }
        Err(error) => Err(error),
    };
    (fate, bed)
}

const DELIVERED: &str = "Delivered 250 | 250:ok 250:ok";

/// The credentials are refused, whatever is said to MAIL and RCPT: that is told, and no more leaves
/// but QUIT.
#[tokio::test(start_paused = true)]
async fn refused_credentials() {
    for replies in [
        "S: 250 sender\nS: 250 a\nS: 250 b\n",
        "S: 250 sender\nS: 550 a\nS: 250 b\n",
        "S: 530 auth\nS: 503 a\nS: 503 b\n",
        "S: 530 auth\nS: 250 a\nS: 250 b\n",
    ] {
        let dialogue = format!("{}S: 535 5.7.8 no\n{replies}{QUIT}", flight());
        let (sent, bed) = send(Bed::new([in_tls(OFFERS, &dialogue)])).await;
        let error = sent.expect_err("refused");
        bed.finish();
        assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
        assert_eq!((error.blame(), error.is_transient()), (Blame::Server, false), "{error}");
        let DeliverError::NotSent(unsent) = error else { panic!("{error:?}") };
        assert!(unsent.lost().is_none());
        assert_eq!(unsent.refusal().map(smtp::Refusal::command), Some("AUTH"));
        let outcome = |index: usize| unsent.recipients()[index].outcome();
        assert_eq!(
            (outcome(0), outcome(1)),
            (RecipientOutcome::NotSent, RecipientOutcome::NotSent)
        );
        unsent.into_message().expect("the message is the caller's again");
    }
}

/// As for `connect`, in the sum of all errors.
#[tokio::test(start_paused = true)]
async fn refused_credentials_in_any_error() {
    let dialogue = format!("{}S: 454 4.7.0 later\n{TAKEN}{QUIT}", flight());
    let (sent, bed) = send(Bed::new([in_tls(OFFERS, &dialogue)])).await;
    let error = sent.expect_err("refused");
    assert!(error.is_transient(), "{error}");
    assert!(matches!(Error::from(error), Error::Refused(refusal) if refusal.command() == "AUTH"));
    bed.finish();
}

/// The server does not know the mechanism, and the next one goes alone: RSET first, where it has
/// taken MAIL or a recipient.
#[tokio::test(start_paused = true)]
async fn the_next_mechanism_goes_alone() {
    let reset = "C: RSET\nC: AUTH LOGIN\nS: 250 reset\n";
    for (replies, next) in [
        ("S: 250 sender\nS: 250 a\nS: 250 b\n", reset),
        ("S: 250 sender\nS: 550 a\nS: 550 b\n", reset),
        ("S: 530 no\nS: 503 a\nS: 250 b\n", reset),
        ("S: 530 no\nS: 503 a\nS: 503 b\n", "C: AUTH LOGIN\n"),
    ] {
        let dialogue = format!(
            "{}S: 504 no\n{replies}{next}S: 334 VXNlcm5hbWU6\nC: bWU=\nS: 334 UGFzc3dvcmQ6
             C: cGVuY2ls\nS: 235 ok\n{COMMANDS}{TAKEN}{MESSAGE}",
            flight()
        );
        let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
        let submission = chunked(&bed).auth(Credentials::password("me", "pencil"));
        let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
        assert_eq!(sent.expect("a session").1.fate(), DELIVERED);
        bed.finish();
    }
}

/// The reason for refusing a token comes in a challenge. The server reads MAIL as the response to
/// it, and refuses that; the next token goes alone.
#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_with_a_reason() {
    let tokens = |need: Need| async move {
        let token = if matches!(need, Need::Refused(_)) { "new" } else { "old" };
        Ok::<_, TokenError>(AccessToken::new(token))
    };
    let refused = "S: 334 eyJzdGF0dXMiOiI0MDEifQ==\nS: 535 5.7.8 no\nS: 503 a\nS: 503 b\n";
    let old = "C: AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciBvbGQBAQ==\n";
    let new = "C: AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciBuZXcBAQ==\n";
    let dialogue = format!("{old}{COMMANDS}{refused}{new}S: 235 ok\n{COMMANDS}{TAKEN}{MESSAGE}");
    let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
    let submission = chunked(&bed).auth(Credentials::token_source("me", tokens));
    let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
    assert_eq!(sent.expect("a session").1.fate(), DELIVERED);
    bed.finish();

    let bed = Bed::new([in_tls(OFFERS, &format!("{old}{COMMANDS}{refused}{QUIT}"))]);
    let submission = chunked(&bed).auth(XOauth2::new("me", "old"));
    let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
    let error = sent.expect_err("refused");
    assert!(error.to_string().contains(r#"the server's reason: {"status":"401"}"#), "{error}");
    bed.finish();
}

/// A server that asks where there is nothing to ask for takes MAIL for the response: AUTH goes
/// again, alone, and alone from then on.
#[tokio::test(start_paused = true)]
async fn a_challenge_and_then_a_refusal_of_mail() {
    let dialogue = format!(
        "{}S: 334\nS: 501 5.5.2 no base64\nS: 503 a\nS: 503 b\n{}{QUIT}",
        flight(),
        alone()
    );
    let bed = Bed::new([in_tls(OFFERS, &dialogue), in_tls(OFFERS, &format!("{}{QUIT}", alone()))]);
    goes_alone_from_then_on(bed).await;
}

/// The message arrives, and the next connection does not try the flight.
async fn goes_alone_from_then_on(bed: Bed) {
    let submission = chunked(&bed).auth_with(|| Plain::new("me", "pencil"));
    let (sent, bed) = send_by(&submission, bed).await;
    assert_eq!(sent.expect("a session"), DELIVERED);
    let clone = submission.clone();
    let (sent, bed) = send_by(&clone, bed).await;
    assert_eq!(sent.expect("a session"), DELIVERED);
    bed.finish();
}

/// AUTH was refused for what followed it: it is sent again, alone.
#[tokio::test(start_paused = true)]
async fn auth_out_of_order() {
    for (replies, reset) in [
        ("S: 503 wait\nS: 503 wait\nS: 503 wait\nS: 503 wait\n", ""),
        ("S: 554 5.5.0 wait\nS: 250 ok\nS: 503 wait\nS: 503 wait\n", "C: RSET\n"),
    ] {
        let answered = if reset.is_empty() { "" } else { "S: 250 reset\n" };
        let rest = alone();
        let rest = rest.strip_prefix(AUTH).expect("AUTH first");
        let dialogue = format!("{}{replies}{reset}{AUTH}{answered}{rest}{QUIT}", flight());
        let next = in_tls(OFFERS, &format!("{}{QUIT}", alone()));
        goes_alone_from_then_on(Bed::new([in_tls(OFFERS, &dialogue), next])).await;
    }
}

/// The server had not noticed that AUTH was accepted when it read MAIL: the transaction begins
/// again.
#[tokio::test(start_paused = true)]
async fn mail_out_of_order() {
    for mail in ["503 5.5.1 wait", "530 5.7.0 authenticate"] {
        for rcpts in ["S: 503 a\nS: 503 b\n", "S: 250 a\nS: 250 b\n", "S: 550 a\nS: 250 b\n"] {
            let dialogue = format!(
                "{}S: 235 ok\nS: {mail}\n{rcpts}C: RSET\n{COMMANDS}S: 250 reset\n{TAKEN}{MESSAGE}{QUIT}",
                flight()
            );
            let next = in_tls(OFFERS, &format!("{}{QUIT}", alone()));
            goes_alone_from_then_on(Bed::new([in_tls(OFFERS, &dialogue), next])).await;
        }
    }
}

/// A sender that is refused for what it is, is refused: nothing is sent again.
#[tokio::test(start_paused = true)]
async fn a_sender_that_is_refused() {
    let dialogue = format!("{}S: 235 ok\nS: 550 5.7.1 no\nS: 503 a\nS: 503 b\n{QUIT}", flight());
    let (sent, bed) = send(Bed::new([in_tls(OFFERS, &dialogue)])).await;
    assert_eq!(sent.expect("a session"), "Refused permanent Server 550 | 503:550 503:550");
    bed.finish();
}

/// The server ends the session after the flight, at any of its replies: the message goes over a new
/// connection, once, and the next one alone.
#[tokio::test(start_paused = true)]
async fn a_server_that_ends_the_session() {
    let ends = ["-- close --", "-- cut --", "-- reset --", "S: 421 4.7.0 no\n-- close --"];
    let befores = ["", "S: 235 ok\n", "S: 503 no\n", "S: 503 no\nS: 503 no\n"];
    for end in ends {
        for before in befores {
            let again = || in_tls(OFFERS, &format!("{}{QUIT}", alone()));
            let first = in_tls(OFFERS, &format!("{}{before}{end}", flight()));
            goes_alone_from_then_on(Bed::new([first, again(), again()])).await;
        }
    }
    // It goes on with AUTH alone, and then ends it.
    let refused = "S: 503 no\n".repeat(4);
    let first = in_tls(OFFERS, &format!("{}{refused}{AUTH}-- close --", flight()));
    let again = || in_tls(OFFERS, &format!("{}{QUIT}", alone()));
    goes_alone_from_then_on(Bed::new([first, again(), again()])).await;
    // A reply that breaks the protocol is no better.
    for broken in ["S: 250 ok", "S: 334\nS: 250 ok", "S: 334\nS: 334 again", "S: 235 ok\nS: 354 go"]
    {
        let first = in_tls(OFFERS, &format!("{}{broken}", flight()));
        goes_alone_from_then_on(Bed::new([first, again(), again()])).await;
    }
}

/// That the credentials were refused was read, and decides: they are not tried once more.
#[tokio::test(start_paused = true)]
async fn a_refusal_decides_although_the_session_ends() {
    for end in ["-- close --", "S: 250 ok\n-- reset --", "S: 421 bye"] {
        let dialogue = format!("{}S: 535 5.7.8 no\n{end}", flight());
        let (sent, _) = send(Bed::new([in_tls(OFFERS, &dialogue)])).await;
        let error = sent.expect_err("refused");
        let DeliverError::NotSent(unsent) = &error else { panic!("{error:?}") };
        let lost = unsent.lost().expect("the connection is gone");
        assert_eq!(lost.reply().map(|reply| reply.code().value()), Some(535), "{error}");
        assert!(!lost.is_transient(), "{error}");
    }
}

/// The server has answered MAIL, so it has taken the flight: how the session ends then is told.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_later() {
    for (replies, fate) in [
        ("S: 250 sender\n-- close --", "Lost transient Network - | -:unsent -:unsent"),
        ("S: 250 sender\nS: 550 a\n-- close --", "Lost transient Network - | 550:550 -:unsent"),
    ] {
        let dialogue = format!("{}S: 235 ok\n{replies}", flight());
        let (sent, _) = send(Bed::new([in_tls(OFFERS, &dialogue)])).await;
        assert_eq!(sent.map(|_| panic!("it is lost")).fate(), fate);
    }
    let dialogue = format!("{}S: 235 ok\n{TAKEN}C: BDAT 3 LAST\nC: x\n-- close --", flight());
    let (sent, _) = send(Bed::new([in_tls(OFFERS, &dialogue)])).await;
    let fate = sent.map(|_| panic!("it is lost")).fate();
    assert_eq!(fate, "Unknown permanent Network - | 250:unknown 250:unknown");
}

/// A server that says nothing more has had its time: the message is not sent, and the next one goes
/// alone.
#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent() {
    for replies in ["", "S: 235 ok\n"] {
        let first = in_tls(OFFERS, &format!("{}{replies}-- silence --", flight()));
        let bed = Bed::new([first, in_tls(OFFERS, &format!("{}{QUIT}", alone()))]);
        let submission = chunked(&bed).auth_with(|| Plain::new("me", "pencil"));
        let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
        let error = sent.expect_err("silence");
        assert!(matches!(error, DeliverError::NotSent(_)), "{error:?}");
        let fault = error.lost().map(smtp::Lost::fault);
        assert!(matches!(fault, Some(Fault::TimedOut(_))), "{error}");
        let (sent, bed) = send_by(&submission, bed).await;
        assert_eq!(sent.expect("a session"), DELIVERED);
        assert!(!bed.written(0).contains("QUIT"));
        bed.finish();
    }
}

/// No second server answers: its error is told.
#[tokio::test(start_paused = true)]
async fn there_is_one_more_attempt() {
    let ends = || in_tls(OFFERS, &format!("{}-- close --", flight()));
    let refuses = in_tls(OFFERS, &format!("{AUTH}S: 535 5.7.8 no\n{QUIT}"));
    let (sent, bed) = send(Bed::new([ends(), refuses])).await;
    let error = sent.expect_err("refused");
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
    bed.finish();
    let (sent, _) = send(Bed::new([ends()])).await;
    let error = sent.expect_err("refused");
    assert!(matches!(error.lost().map(smtp::Lost::fault), Some(Fault::Unreachable(_))), "{error}");
}

/// A future that is dropped in the flight leaves nothing open, and nothing more leaves.
#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped() {
    for replies in ["", "S: 235 ok\n", "S: 535 no\n", "S: 235 ok\nS: 250 ok\n", "S: 334\n"] {
        let script = in_tls(OFFERS, &format!("{}{replies}-- silence --", flight()));
        let bed = Bed::new([script]);
        let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
        let envelope = envelope();
        let sending = submission.connect_and_deliver(&envelope, "x\r\n");
        tokio::time::timeout(Duration::from_secs(30), sending).await.expect_err("it is dropped");
        assert!(bed.peers[0].is_closed(), "{replies}");
        assert!(bed.written(0).ends_with("RCPT TO:<b@example.org>\r\n"), "{replies}");
    }
}

/// The stream ends after each byte of the replies: before MAIL is answered the message goes over a
/// new connection, and after that the caller is told.
#[tokio::test(start_paused = true)]
async fn an_end_after_each_byte() {
    let auth = "235 2.7.0 ok\r\n250 sender\r\n";
    let replies = format!("{auth}250 a\r\n250 b\r\n");
    for bytes in 0..replies.len() {
        let first = in_tls(OFFERS, &flight()).server_raw(&replies.as_bytes()[..bytes]);
        let again = in_tls(OFFERS, &format!("{}{QUIT}", alone()));
        let (sent, bed) = send(Bed::new([first.then("-- close --"), again])).await;
        if bytes < auth.len() {
            assert_eq!(sent.expect("a session"), DELIVERED, "{bytes}");
            bed.finish();
        } else {
            let fate = sent.map(|_| panic!("{bytes}: it is lost")).fate();
            assert!(fate.starts_with("Lost transient Network - | "), "{bytes}: {fate}");
            assert!(!bed.written(0).contains("BDAT"), "{bytes}");
        }
    }
}
