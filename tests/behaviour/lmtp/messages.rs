//! The meaning of the replies for each recipient, in each way to send one message.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::DataError;
use smtp::grammar::ForwardPath;
use smtp::message::RecipientOutcome;
use smtp::pipeline::Outcome;
use smtp::{DeliverError, Mailbox};
use tests::{Fate, error};

use super::{MODES, commands, connected, content, envelope, finals};

/// The codes for RCPT, those for the message, whether RSET follows, and the fate.
type Row = (&'static [u16], &'static [u16], bool, &'static str);

const ROWS: &[Row] = &[
    (&[250], &[250], false, "Delivered 250 | 250:ok"),
    (&[250], &[550], true, "Refused permanent Server 550 | 250:550"),
    (&[250, 250], &[250, 250], false, "Delivered 250 | 250:ok 250:ok"),
    (&[250, 250], &[250, 452], false, "Delivered 250 | 250:ok 250:452"),
    (&[250, 251], &[552, 251], false, "Delivered 251 | 250:552 251:ok"),
    (&[250, 250], &[552, 452], true, "Refused transient Server 452 | 250:552 250:452"),
    (&[250, 250], &[452, 552], true, "Refused transient Server 452 | 250:452 250:552"),
    // RCPT that is refused has no reply to the message.
    (&[550, 250, 250], &[250, 451], false, "Delivered 250 | 550:550 250:ok 250:451"),
    (&[250, 450, 250], &[554, 250], false, "Delivered 250 | 250:554 450:450 250:ok"),
    (&[250, 550], &[554], true, "Refused permanent Server 554 | 250:554 550:550"),
];

const NAMES: [&str; 3] = ["a", "b", "c"];

fn dialogue(rcpts: &[u16], replies: &[u16], reset: bool, mode: &[&str]) -> String {
    let recipients: Vec<_> = NAMES.into_iter().zip(rcpts.iter().copied()).collect();
    let reset = if reset { "C: RSET\nS: 250 ok\n" } else { "" };
    commands(&recipients, mode) + &content(replies) + reset + "C: NOOP\nS: 250 ok"
}

fn mail() -> Mail {
    Mail::from("me@example.com".parse::<Mailbox>().expect("an address"))
}

fn rcpt(name: &str) -> Rcpt {
    Rcpt::to(format!("{name}@example.org").parse::<Mailbox>().expect("an address"))
}

#[tokio::test(start_paused = true)]
async fn delivered_in_one_call() {
    for mode in MODES {
        for &(rcpts, replies, reset, fate) in ROWS {
            let dialogue = dialogue(rcpts, replies, reset, mode);
            let (mut connection, peer) = connected(mode, &dialogue).await;
            let envelope = envelope(&NAMES[..rcpts.len()]);
            let result = connection.deliver(&envelope, "x\r\n").await;
            assert_eq!(result.fate(), fate, "{dialogue}");
            connection.send(Noop).await.expect("the session goes on");
            peer.finish();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sent_one_command_at_a_time() {
    for &(rcpts, replies, reset, fate) in ROWS {
        let dialogue = dialogue(rcpts, replies, reset, &[]);
        let (connection, peer) = connected(&[], &dialogue).await;
        let mut transaction = connection.mail(mail()).await.expect("MAIL");
        for (name, code) in NAMES.iter().zip(rcpts) {
            assert_eq!(transaction.rcpt(rcpt(name)).await.is_ok(), *code < 300);
        }
        let sent = transaction.data("x\r\n").await;
        assert_eq!(sent.fate(), fate, "{dialogue}");
        let mut connection = match sent {
            Ok((connection, _)) => connection,
            Err(DataError::Refused(refused)) => refused.connection,
            Err(lost) => panic!("{lost}"),
        };
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn sent_as_a_group() {
    for mode in MODES {
        for &(rcpts, replies, reset, fate) in ROWS {
            // In a group RSET follows a message in its flight where the server may be asked ahead.
            let ahead = !mode.is_empty();
            let dialogue = dialogue(rcpts, replies, reset && !ahead, mode);
            let dialogue =
                if ahead { dialogue.replace("C: NOOP\nS: 250 ok", "") } else { dialogue };
            let (connection, peer) = connected(mode, &dialogue).await;
            let named = NAMES[..rcpts.len()].iter().map(|name| rcpt(name));
            let group = connection.pipeline().mail(mail()).each(named).data("x\r\n");
            let (connection, (_, _, message)) = group.await;
            let told = match message.end {
                Outcome::Accepted(receipt) => Ok::<_, DeliverError>(receipt).fate(),
                Outcome::Refused(refusal) => {
                    let code = refusal.reply().map(|reply| reply.code().value());
                    let passes = if refusal.is_transient() { "transient" } else { "permanent" };
                    let each = tests::each(&message.recipients);
                    format!("Refused {passes} Server {} | {each}", code.expect("a reply"))
                }
                other => panic!("{other}"),
            };
            assert_eq!(told, fate, "{dialogue}");
            let mut connection = connection.expect("a session");
            if !ahead {
                connection.send(Noop).await.expect("the session goes on");
            }
            peer.finish();
        }
    }
}

/// Each reply stands with its recipient, those of RCPT beside those to the message.
#[tokio::test(start_paused = true)]
async fn each_recipient_has_its_reply() {
    for mode in MODES {
        let dialogue = commands(&[("a", 250), ("b", 550), ("a", 250), ("c", 250)], mode)
            + "C: x\nC: .\nS: 250 2.0.0 a is stored\nS: 250-2.0.0 again\nS: 250 2.0.0 stored\n\
               S: 552 5.2.2 c is full";
        let (mut connection, peer) = connected(mode, &dialogue).await;
        let envelope = envelope(&["a", "b", "a", "c"]);
        let receipt = connection.deliver(&envelope, "x\r\n").await.expect("delivered");
        let [first, refused, second, full] = receipt.recipients() else {
            panic!("{receipt:?}");
        };
        assert_eq!(finals(receipt.recipients()), [Some(250), None, Some(250), Some(552)]);
        assert_eq!(first.final_reply().expect("its own").text(), "2.0.0 a is stored");
        assert_eq!(first.rcpt().expect("its own").text(), "a");
        assert_eq!(second.final_reply().expect("its own").text(), "2.0.0 again\n2.0.0 stored");
        assert_eq!(full.rcpt().expect("its own").text(), "c");
        assert!(refused.refusal().is_some_and(|refusal| refusal.command() == "RCPT"));
        let RecipientOutcome::Refused(refusal) = full.outcome() else {
            panic!("{full:?}");
        };
        assert_eq!(refusal.command(), smtp::Refusal::END_OF_DATA);
        assert_eq!(receipt.accepted().map(ForwardPath::to_string).collect::<Vec<_>>().len(), 2);
        assert_eq!(receipt.reply().text(), "2.0.0 again\n2.0.0 stored", "the last that took it");
        assert!(!receipt.is_complete());
        peer.finish();
    }
}

/// A server that has accepted no recipient refuses DATA (RFC 2033 §4.2: 503).
#[tokio::test(start_paused = true)]
async fn data_is_refused_without_a_recipient() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 no\nS: 503 5.5.1 no recipient
                    C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (mut connection, peer) = connected(&["PIPELINING"], dialogue).await;
    let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
    assert_eq!(result.fate(), "Refused permanent Server 550 | 550:550");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();

    // Without PIPELINING it is not even asked.
    let dialogue =
        "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (mut connection, peer) = connected(&[], dialogue).await;
    let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
    assert_eq!(result.fate(), "Refused permanent Server 550 | 550:550");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A server that wants content for no recipient gets none, not even a lone dot: how many replies
/// would follow is not defined.
#[tokio::test(start_paused = true)]
async fn content_for_nobody_ends_the_connection() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 450 no\nS: 354 go on";
    let (mut connection, peer) = connected(&["PIPELINING"], dialogue).await;
    let result = connection.deliver(&envelope(&["a"]), "secret\r\n").await;
    assert_eq!(result.fate(), "Lost transient Server 450 | 450:450");
    drop(error(connection.send(Noop).await));
    assert!(peer.written().ends_with(b"DATA\r\n"), "nothing follows");

    let (connection, peer) = connected(&["PIPELINING"], dialogue).await;
    let group = connection.pipeline().mail(mail()).rcpt(rcpt("a")).data("secret\r\n");
    let (connection, (_, _, message)) = group.await;
    connection.expect_err("it is closed");
    assert!(!message.end.is_accepted());
    assert!(peer.written().ends_with(b"DATA\r\n"), "nothing follows");
}

/// Recipients that a command of the caller's has named have replies too, in the order of RCPT.
#[tokio::test(start_paused = true)]
async fn replies_for_recipients_of_own_commands() {
    /// RCPT as a command of the caller's.
    #[derive(Debug, smtp::SmtpCommand)]
    #[smtp(verb = "XRCPT mine@example.org", stage = Rcpt, pipelining, valid_in(InTransaction))]
    struct Mine;

    let dialogue = "C: MAIL *\nS: 250 ok\nC: XRCPT mine@example.org\nS: 250 mine
                    C: RCPT *\nS: 250 a\nC: XRCPT mine@example.org\nS: 250 mine\nC: RCPT *\nS: 250 b
                    C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 1\nS: 550 2\nS: 250 3\nS: 250 4";
    let (connection, peer) = connected(&[], dialogue).await;
    let mut transaction = connection.mail(mail()).await.expect("MAIL");
    transaction.send(Mine).await.expect("RCPT");
    transaction.rcpt(rcpt("a")).await.expect("RCPT");
    transaction.send(Mine).await.expect("RCPT");
    transaction.rcpt(rcpt("b")).await.expect("RCPT");
    let sent = transaction.data("x\r\n").await;
    assert_eq!(sent.fate(), "Delivered 250 | 250:550 250:ok");
    let (_, receipt) = sent.expect("delivered");
    assert_eq!(finals(receipt.recipients()), [Some(550), Some(250)]);
    peer.finish();
}
