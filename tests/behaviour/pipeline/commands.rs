//! Commands of users in groups, and commands that must be the last.

use smtp::command::{CodePattern, CommandSpec, Line, Noop, Vrfy};
use smtp::connection::TransitionError;
use smtp::error::Fault;
use smtp::pipeline::{NotSent, Outcome};
use smtp::state::{Pipelined, State, Tls, ValidIn};
use smtp::{Command, Connection, Error, Reply, Secret, SmtpCommand, SmtpReply};
use tests::{ehlo, in_transaction, secured};

use super::{MODES, code, connected, mail, rcpt};

#[derive(Debug, PartialEq, SmtpReply)]
struct Ticket {
    #[smtp(text)]
    number: u32,
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-NOTE", reply = Ticket, pipelining, valid_in(any))]
struct Note(&'static str);

/// Opens a transaction, as MAIL does.
#[derive(SmtpCommand)]
#[smtp(verb = "X-SEND", pipelining, transition(Idle => InTransaction))]
struct Send;

/// The message is there already: nothing follows.
#[derive(SmtpCommand)]
#[smtp(verb = "X-COMMIT", pipelining, transition(InTransaction => Idle))]
struct Commit;

#[derive(SmtpCommand)]
#[smtp(verb = "X-TEXT", accepts(354), content)]
struct Text;

#[derive(SmtpCommand)]
#[smtp(verb = "X-LOGIN", transition(Tls => Authed))]
struct Login {
    token: Secret,
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-AGAIN", accepts(220), transition(Tls => Tls), resets)]
struct Again;

/// A dialogue of lines that come in turn, or all at once where the server offers PIPELINING.
fn dialogue(offers: &[&str], lines: &[(&str, &str)]) -> String {
    let client = |(line, _): &(&str, &str)| format!("C: {line}\n");
    let server = |(_, line): &(&str, &str)| format!("S: {line}\n");
    if offers.is_empty() {
        return lines.iter().map(|pair| client(pair) + &server(pair)).collect();
    }
    lines.iter().map(client).chain(lines.iter().map(server)).collect()
}

#[tokio::test(start_paused = true)]
async fn each_reply_has_its_own_type_and_index() {
    for offers in MODES {
        let lines = [
            ("X-NOTE before", "250 7"),
            ("X-SEND", "250 ok"),
            ("RCPT *", "250 ok"),
            ("X-NOTE within", "250 eight"),
            ("X-TEXT", "354 go"),
        ];
        let dialogue = dialogue(offers, &lines) + "C: x\nC: .\nS: 250 queued as Q";
        let (connection, peer) = connected(offers, &dialogue).await;
        let (connection, (before, _, _, within, message)) = connection
            .pipeline()
            .send(Note("before"))
            .transition(Send)
            .each([rcpt("a")])
            .send(Note("within"))
            .content(Text, "x\r\n")
            .await;
        connection.expect("a session");
        assert_eq!(before, Outcome::Accepted(Ticket { number: 7 }));
        let Outcome::Unreadable(error) = within else {
            panic!("{within}");
        };
        assert_eq!(error.reply().text(), "eight");
        assert!(message.end.is_accepted());
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_without_content() {
    for offers in MODES {
        for (code, accepted) in [("250 ok", true), ("550 no", false)] {
            let lines = [("MAIL *", "250 ok"), ("RCPT *", "250 ok"), ("X-COMMIT", code)];
            let reset = if accepted { "" } else { "C: RSET\nS: 250 ok\n" };
            let dialogue = dialogue(offers, &lines) + reset + "C: NOOP\nS: 250 ok";
            let (connection, peer) = connected(offers, &dialogue).await;
            let group = connection.pipeline().mail(mail()).rcpt(rcpt("a")).transition(Commit);
            let (connection, (_, _, commit)) = group.await;
            assert_eq!(commit.is_accepted(), accepted);
            connection.expect("a session").send(Noop).await.expect("between transactions");
            peer.finish();
        }
    }
}

/// The commands after a transaction that did not end never become part of it.
#[tokio::test(start_paused = true)]
async fn a_transaction_that_should_have_ended() {
    let group = "C: X-COMMIT\nC: MAIL *\nC: RCPT *\nC: DATA\nS: 550 no\nS: 250 m\n";
    // A recipient would get an empty message.
    let (transaction, peer) =
        in_transaction(MODES[0], &format!("{group}S: 250 a\nS: 354 go")).await;
    let pipeline = transaction.pipeline().transition(Commit).mail(mail()).rcpt(rcpt("a"));
    let (connection, (_, _, _, message)) = pipeline.data("x\r\n").await;
    let lost = connection.expect_err("the connection was closed");
    assert!(matches!(lost.fault(), Fault::Abandoned), "{lost}");
    assert!(message.opening.is_accepted());
    assert!(matches!(message.end, Outcome::NotSent(NotSent::AfterRefused)));
    assert_eq!(message.empty_message_reply, None);
    assert!(peer.is_closed());
    peer.finish();

    let rest = "S: 550 a\nS: 354 go\nC: .\nS: 554 nothing\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (transaction, peer) = in_transaction(MODES[0], &format!("{group}{rest}")).await;
    let pipeline = transaction.pipeline().transition(Commit).mail(mail()).rcpt(rcpt("a"));
    let (connection, (_, _, _, message)) = pipeline.data("x\r\n").await;
    connection.expect("a session").send(Noop).await.expect("between transactions");
    assert!(matches!(message.end, Outcome::NotSent(NotSent::AfterRefused)));
    assert_eq!(message.empty_message_reply.expect("said").text(), "nothing");
    peer.finish();

    let steps = "C: X-COMMIT\nS: 550 no\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (transaction, peer) = in_transaction(MODES[1], steps).await;
    let pipeline = transaction.pipeline().transition(Commit).mail(mail()).rcpt(rcpt("a"));
    let (connection, (_, mail, _, message)) = pipeline.data("x\r\n").await;
    connection.expect("a session").send(Noop).await.expect("between transactions");
    assert_eq!(mail, Outcome::NotSent(NotSent::AfterRefused));
    assert!(matches!(message.end, Outcome::NotSent(NotSent::AfterRefused)));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_command_that_must_be_last_is_last() {
    for offers in MODES {
        let lines = [("MAIL *", "250 ok"), ("RCPT *", "250 ok"), ("VRFY a", "252 who knows")];
        let (connection, peer) = connected(offers, &dialogue(offers, &lines)).await;
        let group = connection.pipeline().mail(mail()).rcpt(rcpt("a"));
        let (connection, (_, _, vrfy)) =
            group.last(Vrfy::new("a".parse::<smtp::grammar::SmtpString>().expect("text"))).await;
        assert_eq!(connection.expect("a transaction").accepted(), 1);
        assert!(vrfy.is_accepted());
        peer.finish();
    }
}

/// It asks back, and would take the next command for the answer. The derive refuses it; this one is
/// written by hand.
struct Ask;

impl Command for Ask {
    type Reply = Reply;
    const SPEC: CommandSpec = CommandSpec::new("X-ASK")
        .accepts(&[CodePattern::Exactly(250), CodePattern::Exactly(334)])
        .pipelining();

    fn encode(&self, line: &mut Line<'_>) {
        line.verb("X-ASK");
    }
}

impl<S: State> ValidIn<S> for Ask {}
impl Pipelined for Ask {}

#[tokio::test(start_paused = true)]
async fn a_question_is_sent_neither_in_a_group_nor_alone() {
    let (connection, peer) = connected(MODES[0], "C: NOOP\nS: 250 ok").await;
    let (connection, (ask, each, noop)) =
        connection.pipeline().send(Ask).each([Ask]).last(Noop).await;
    assert!(noop.is_accepted());
    let mut connection = connection.expect("a connection");
    let alone = connection.send(Ask).await;
    let Err(Error::Refused(alone)) = alone else {
        panic!("{alone:?}");
    };
    for refusal in [ask.refusal(), each[0].refusal(), Some(&alone)] {
        let text = refusal.expect("refused").to_string();
        assert!(text.starts_with("X-ASK was not sent: it accepts a 3yz"), "{text}");
    }
    peer.finish();
}

async fn in_tls(offers: &[&str], dialogue: &str) -> (Connection<Tls>, smtp::testing::Peer) {
    secured(offers, dialogue).await
}

#[tokio::test(start_paused = true)]
async fn a_login_may_end_a_group() {
    for offers in MODES {
        let login = |reply| [("RSET", "250 ok"), ("X-LOGIN s3cr3t", reply)];
        let group = |connection: Connection<Tls>| {
            let token = Secret::from("s3cr3t");
            connection.pipeline().send(smtp::command::Rset).last_transition(Login { token })
        };
        let (connection, peer) = in_tls(offers, &dialogue(offers, &login("250 welcome"))).await;
        let (connection, _) = group(connection).await;
        assert!(connection.expect("authenticated").is_verified());
        peer.finish();

        let (connection, peer) = in_tls(offers, &dialogue(offers, &login("535 no"))).await;
        let (connection, (_, outcome)) = group(connection).await;
        assert_eq!(code(&outcome), Some(535));
        let Err(TransitionError::Refused(refused)) = connection else {
            panic!("{connection:?}");
        };
        assert_eq!(refused.refusal.command(), "X-LOGIN");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_begins_again_ends_its_group() {
    for offers in MODES {
        let lines = [("RSET", "250 ok"), ("X-AGAIN", "220 hello")];
        let dialogue = dialogue(offers, &lines) + &ehlo(&["SIZE 9"]);
        let (connection, peer) = in_tls(offers, &dialogue).await;
        let group = connection.pipeline().send(smtp::command::Rset).last_transition(Again);
        let (connection, _) = group.await;
        let connection = connection.map_err(Error::from).expect("the session goes on");
        assert!(connection.capabilities().has("SIZE"));
        peer.finish();
    }
}
