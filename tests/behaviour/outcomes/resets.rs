//! RSET after a refused message: the client sends it before the first command of the next call.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::grammar::ReversePath;
use smtp::state::Greeted;
use smtp::testing::{Peer, Script};
use smtp::{Connection, Error, Mailbox, Plain, SmtpCommand, Transfer};
use tests::{Ask, Fate as _, FixedAnswer, greeted, hello, script};

use super::{CHUNKING, NOTHING, PIPELINING, connect, envelope};

const REFUSED: [&str; 5] = [
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\n",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 554 no\n",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 451 no\n",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 554 no\n",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 451 no\n",
];

const NOT_DUE: [&str; 3] = [
    "C: MAIL *\nS: 550 no\n",
    "C: MAIL *\nS: 450 no\n",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\n",
];

/// A connection over which a message was tried in this dialogue, one command at a time.
async fn tried(tried: &str, then: &str) -> (Connection<Greeted>, Peer) {
    let script = Script::new(&hello(&["STARTTLS", "AUTH PLAIN"])).then(tried).then(then);
    let (mut connection, peer) = greeted(script.lockstep()).await;
    let _ = connection.deliver(&envelope(&["a"]), "x\r\n").await;
    (connection, peer)
}

fn mail() -> Mail {
    Mail::from("me@example.com".parse::<Mailbox>().expect("an address"))
}

fn rcpt() -> Rcpt {
    Rcpt::to("b@example.org".parse::<Mailbox>().expect("an address"))
}

const RESET: &str = "C: RSET\nS: 250 reset\n";

/// Each kind of call, after each refusal: RSET is answered first, without PIPELINING.
#[tokio::test(start_paused = true)]
async fn it_goes_before_the_next_command_whatever_that_is() {
    let before = REFUSED.map(|dialogue| (dialogue, RESET));
    for (refused, reset) in before.into_iter().chain(NOT_DUE.map(|dialogue| (dialogue, ""))) {
        let then = |line: &str| format!("{reset}{line}");
        let (mut connection, peer) = tried(refused, &then("C: NOOP\nS: 250 ok")).await;
        connection.send(Noop).await.expect("NOOP");
        peer.finish();
        let (connection, peer) = tried(refused, &then("C: MAIL *\nS: 250 ok")).await;
        connection.mail(mail()).await.expect("MAIL");
        peer.finish();
        let (mut connection, peer) = tried(refused, &then("C: MAIL *\nS: 550 no")).await;
        let result = connection.deliver(&envelope(&["b"]), "x\r\n").await;
        assert_eq!(result.fate(), "Refused permanent Server 550 | -:550");
        peer.finish();
        let (mut connection, peer) = tried(refused, &then("C: MAIL *\nS: 550 no")).await;
        let all = connection.deliver_all([(envelope(&["b"]), "x\r\n")], |_, _| {}).await;
        all.expect("a session");
        peer.finish();
        let (connection, peer) =
            tried(refused, &then("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok")).await;
        let (connection, _) = connection.pipeline().mail(mail()).rcpt(rcpt()).await;
        connection.expect("a transaction");
        peer.finish();
        let (mut connection, peer) =
            tried(refused, &then("C: X-ASK\nS: 350 which?\nC: blue\nS: 250 ok")).await;
        connection.exchange(Ask, &mut FixedAnswer).await.expect("answered");
        peer.finish();
        let (connection, peer) = tried(refused, &then("C: STARTTLS\nS: 454 no")).await;
        connection.starttls(&tests::trust(&peer)).await.expect_err("refused");
        peer.finish();
        let (connection, peer) = tried(refused, &then("C: AUTH PLAIN *\nS: 535 no")).await;
        let login = connection.dangerous().authenticate(&mut Plain::new("a", "b")).await;
        login.expect_err("refused");
        peer.finish();
        // EHLO has the effect of RSET, and QUIT ends everything.
        let (mut connection, peer) =
            tried(refused, "C: EHLO *\nS: 250 mail\nC: NOOP\nS: 250 ok").await;
        connection.ehlo().await.expect("EHLO");
        connection.send(Noop).await.expect("NOOP");
        peer.finish();
        let (connection, peer) = tried(refused, "C: QUIT\nS: 221 bye").await;
        connection.quit_and_wait().await.expect("QUIT");
        peer.finish();
        let (connection, peer) = tried(refused, "C: QUIT").await;
        connection.quit().await.expect("QUIT");
        peer.finish();
        let (connection, peer) = tried(refused, "C: QUIT\nS: 221 bye").await;
        let (ended, _) = connection.pipeline().quit().await;
        ended.expect("QUIT");
        peer.finish();
    }
}

/// Conversing, and not: either is only a line where the text has no other in it.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-TELL", accepts(250, 350), converses, valid_in(Greeted))]
struct Tell(&'static str);

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-SAY", valid_in(Greeted))]
struct Say(&'static str);

/// A command that cannot be written is refused after the reply to the RSET before it.
#[tokio::test(start_paused = true)]
async fn it_goes_before_a_command_that_cannot_be_written() {
    let before = REFUSED.map(|dialogue| (dialogue, RESET));
    for (refused, reset) in before.into_iter().chain(NOT_DUE.map(|dialogue| (dialogue, ""))) {
        let then = format!("{reset}C: X-TELL 1\nS: 250 ok\nC: X-SAY 1\nS: 250 ok");
        let (mut connection, peer) = tried(refused, &then).await;
        let error =
            connection.exchange(Tell("1\r\n2"), &mut FixedAnswer).await.expect_err("two lines");
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        connection.exchange(Tell("1"), &mut FixedAnswer).await.expect("one line");
        let error = connection.send(Say("1\r\n2")).await.expect_err("two lines");
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        connection.send(Say("1")).await.expect("one line");
        peer.finish();

        let (mut connection, peer) = tried(refused, &format!("{reset}C: X-SAY 1\nS: 250 ok")).await;
        connection.send(Say("1\r\n2")).await.expect_err("two lines");
        connection.send(Say("1")).await.expect("one line");
        peer.finish();
    }
}

/// In one flight where the server takes it.
#[tokio::test(start_paused = true)]
async fn with_pipelining_it_is_in_one_flight_with_the_command() {
    let refused = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 no\nS: 503 no\n";
    let replies = "S: 250 reset\nS: 250 ok\n";
    let rows: [(&str, &str); 3] = [
        ("C: RSET\nC: NOOP\n", replies),
        (
            "C: RSET\nC: MAIL *\nC: RCPT *\nC: DATA\n",
            "S: 250 reset\nS: 450 m\nS: 503 r\nS: 503 d\n",
        ),
        ("C: RSET\nC: MAIL *\n", replies),
    ];
    for (index, (commands, replies)) in rows.into_iter().enumerate() {
        let dialogue = format!("{refused}{commands}{replies}");
        let (mut connection, peer) = greeted(script(PIPELINING, &dialogue)).await;
        let _ = connection.deliver(&envelope(&["a"]), "x\r\n").await;
        match index {
            0 => drop(connection.send(Noop).await.expect("NOOP")),
            1 => {
                let result = connection.deliver(&envelope(&["b"]), "x\r\n").await;
                assert_eq!(result.fate(), "Refused transient Server 450 | 503:450");
            }
            _ => drop(connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL")),
        }
        peer.finish();
    }
}

/// A message of a typed transaction is refused: RSET is due for the connection that comes back.
#[tokio::test(start_paused = true)]
async fn after_a_message_of_a_transaction() {
    for end in ["C: DATA\nS: 451 no\n", "C: DATA\nS: 354 go\nC: x\nC: .\nS: 554 no\n"] {
        let dialogue =
            format!("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n{end}{RESET}C: NOOP\nS: 250 ok");
        let (connection, peer) = greeted(script(NOTHING, &dialogue).lockstep()).await;
        let mut transaction = connection.mail(mail()).await.expect("MAIL");
        transaction.rcpt(rcpt()).await.expect("RCPT");
        let Err(smtp::connection::DataError::Refused(mut refused)) =
            transaction.data("x\r\n").await
        else {
            panic!("{end}: refused");
        };
        refused.connection.send(Noop).await.expect("NOOP");
        peer.finish();
    }
}

/// A flight that overtakes a final reply has it before that reply is known; once is enough.
#[tokio::test(start_paused = true)]
async fn in_every_flight_that_overtakes_a_final_reply() {
    let group = "C: MAIL *\nC: RCPT *\nC: DATA\n";
    let opened = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    for said in ["250 taken", "554 no"] {
        let dialogue = format!(
            "{group}{opened}C: 0\nC: .\nC: RSET\n{group}S: {said}\nS: 250 reset\n{opened}
             C: 1\nC: .\nS: 250 ok\nC: NOOP\nS: 250 ok"
        );
        let (mut connection, peer) = connect(Transfer::data(), PIPELINING, &dialogue).await;
        let envelope = envelope(&["a"]);
        let messages = [(&envelope, "0\r\n"), (&envelope, "1\r\n")];
        connection.deliver_all(messages, |_, _| {}).await.expect("a session");
        connection.send(Noop).await.expect("NOOP");
        peer.finish();
    }
    // Chunks wait for the recipients, not for the message before.
    let chunk = |number| format!("C: BDAT 3 LAST\nC: {number}\n");
    let dialogue = format!(
        "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n{}C: RSET\nC: MAIL *\nC: RCPT *
         S: 554 no\nS: 250 reset\nS: 250 ok\nS: 250 ok\n{}S: 250 taken",
        chunk(0),
        chunk(1)
    );
    let (mut connection, peer) = connect(Transfer::chunks(), CHUNKING, &dialogue).await;
    let envelope = envelope(&["a"]);
    let messages = [(&envelope, "0\r\n"), (&envelope, "1\r\n")];
    connection.deliver_all(messages, |_, _| {}).await.expect("a session");
    peer.finish();
}
