//! Commands of users: each kind of field of the derive, as it stands on the wire.

use std::net::Ipv4Addr;

use smtp::command::encode;
use smtp::grammar::parser::Parsed;
use smtp::grammar::{Capabilities, EnhancedStatusCode, ReplyCode, parser};
use smtp::{Error, Reply, SmtpCommand, SmtpReply};
use tests::{error, greeted, script};

fn offering(keywords: &[&str]) -> Capabilities {
    let lines = ["mail.example.test"].iter().chain(keywords);
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

fn line<C: smtp::Command>(command: &C) -> String {
    let line = encode(command, &offering(&["X-KNOWN"])).expect("a command");
    String::from_utf8(line).expect("text")
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-FORMS", valid_in(any))]
enum Forms<'a> {
    Unit,
    Tuple(u16, #[smtp(prefix = "#")] &'a str),
    #[smtp(verb = "X-OTHER", requires = "X-MISSING")]
    Other,
    Named {
        #[smtp(flag = "QUIET")]
        quiet: bool,
        #[smtp(param = "HOSTS", join = ";")]
        hosts: Vec<Ipv4Addr>,
        #[smtp(skip)]
        #[allow(dead_code, reason = "skipped fields are for the caller alone")]
        note: &'static str,
    },
}

#[test]
fn an_enum_is_a_command_with_forms() {
    assert_eq!(line(&Forms::Unit), "X-FORMS\r\n");
    assert_eq!(line(&Forms::Tuple(7, "list")), "X-FORMS 7 #list\r\n");
    let named = |quiet, hosts| Forms::Named { quiet, hosts, note: "" };
    assert_eq!(line(&named(false, vec![])), "X-FORMS\r\n");
    let hosts = vec![Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED];
    assert_eq!(line(&named(true, hosts)), "X-FORMS QUIET HOSTS=127.0.0.1;0.0.0.0\r\n");
    let missing = encode(&Forms::Other, &offering(&[])).expect_err("it needs X-MISSING");
    assert_eq!(missing.missing_keyword(), Some("X-MISSING"));
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-GENERIC", valid_in(any))]
struct Generic<'a, T: std::fmt::Display> {
    value: T,
    #[smtp(param = "NAME", xtext)]
    name: Option<&'a str>,
    #[smtp(param = "HINT", if_offered = "X-KNOWN")]
    known: u8,
    #[smtp(param = "HINT2", if_offered = "X-UNKNOWN")]
    unknown: u8,
    #[smtp(param = "BLOB", base64)]
    blob: &'a [u8],
    more: Vec<T>,
}

#[test]
fn fields_of_every_kind() {
    let mut command =
        Generic { value: 1, name: Some("a b+c"), known: 2, unknown: 3, blob: b"", more: vec![] };
    assert_eq!(line(&command), "X-GENERIC 1 NAME=a+20b+2Bc HINT=2 BLOB==\r\n");
    command.name = None;
    command.blob = b"ab";
    command.more = vec![4, 5];
    assert_eq!(line(&command), "X-GENERIC 1 HINT=2 BLOB=YWI= 4 5\r\n");
}

/// `"queued " 1*DIGIT " for " Domain`
fn queued(input: &[u8]) -> Parsed<'_, (u64, smtp::grammar::Domain)> {
    use smtp::grammar::parser::nom::Parser as _;
    use smtp::grammar::parser::nom::bytes::complete::tag;
    let parts = (tag("queued "), parser::number, tag(" for "), parser::domain);
    parts.map(|(_, number, _, domain)| (number, domain)).parse(input)
}

#[derive(Debug, PartialEq, SmtpReply)]
enum Answer {
    #[smtp(code(253))]
    Queued(#[smtp(text = queued)] (u64, smtp::grammar::Domain)),
    #[smtp(code(250, 251))]
    Lines {
        #[smtp(lines)]
        numbers: Vec<u32>,
        #[smtp(enhanced)]
        status: Option<EnhancedStatusCode>,
        #[smtp(code)]
        code: ReplyCode,
    },
    #[smtp(code(2xx))]
    Other(Reply),
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", reply = Answer, valid_in(Idle))]
struct Ask;

#[tokio::test(start_paused = true)]
async fn replies_become_values_by_their_code() {
    let dialogue = "C: X-ASK
                    S: 253 2.0.0 queued 7 for example.org
                    C: X-ASK
                    S: 250-2.1.0 1
                    S: 250-2.1.0 2
                    S: 250 2.1.0 3
                    C: X-ASK
                    S: 299 whatever
                    C: X-ASK
                    S: 253 2.0.0 queued many for example.org
                    C: X-ASK
                    S: 550 no";
    let (mut connection, peer) = greeted(script(&[], dialogue)).await;
    let domain = "example.org".parse().expect("a domain");
    assert_eq!(connection.send(Ask).await.expect("253"), Answer::Queued((7, domain)));
    let lines =
        Answer::Lines { numbers: vec![1, 2, 3], status: "2.1.0".parse().ok(), code: ReplyCode::OK };
    assert_eq!(connection.send(Ask).await.expect("250"), lines);
    assert!(
        matches!(connection.send(Ask).await, Ok(Answer::Other(reply)) if reply.code().value() == 299)
    );
    // The error of an unreadable reply names the byte and keeps the reply; the session goes on.
    let unreadable = error(connection.send(Ask).await);
    let Error::Reply(unreadable) = unreadable else {
        panic!("{unreadable}");
    };
    assert_eq!(unreadable.position(), Some((0, "2.0.0 queued ".len())));
    assert_eq!(unreadable.reply().code().value(), 253);
    assert!(matches!(error(connection.send(Ask).await), Error::Refused(_)));
    peer.finish();
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-LIST", reply_lines = 300, valid_in(Idle))]
struct List;

/// A list may be longer than what other commands are answered with.
#[tokio::test(start_paused = true)]
async fn a_command_says_how_many_lines_its_reply_may_have() {
    let lines = |count: usize| "S: 250-a\n".repeat(count - 1) + "S: 250 a\n";
    for (count, list, ask) in [(128, true, true), (129, true, false), (301, false, false)] {
        let dialogue = format!("C: *\n{}", lines(count));
        let (mut connection, _) = greeted(script(&[], &dialogue)).await;
        assert_eq!(connection.send(List).await.is_ok(), list, "{count}");
        let (mut connection, _) = greeted(script(&[], &dialogue)).await;
        assert_eq!(connection.send(smtp::command::Noop).await.is_ok(), ask, "{count}");
    }
}

/// Opens a message, and accepts a reply after which the server waits for none. The derive refuses
/// it.
struct Opens;

impl smtp::Command for Opens {
    type Reply = Reply;
    const SPEC: smtp::command::CommandSpec = smtp::command::CommandSpec::new("X-DATA");

    fn encode(&self, line: &mut smtp::command::Line<'_>) {
        line.verb("X-DATA");
    }
}

impl smtp::state::OpensContent for Opens {}

/// The server would take the message for commands.
#[tokio::test(start_paused = true)]
async fn a_message_follows_no_reply_but_a_question() {
    let begin = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    let text = "X-DATA was not sent: it accepts a reply after which the server does not wait";
    let mail = || smtp::command::Mail::from(smtp::grammar::ReversePath::Null);
    let rcpt = || {
        let mailbox: smtp::Mailbox = "a@b.example".parse().expect("an address");
        smtp::command::Rcpt::to(mailbox)
    };
    let (connection, peer) =
        greeted(script(&[], &format!("{begin}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok"))).await;
    let mut connection = connection.mail(mail()).await.expect("MAIL");
    connection.rcpt(rcpt()).await.expect("RCPT");
    let Err(smtp::connection::DataError::Refused(refused)) =
        connection.content(Opens, "QUIT\r\n").await
    else {
        panic!("it is not sent");
    };
    assert!(refused.refusal.to_string().starts_with(text));
    let mut connection = refused.connection;
    connection.send(smtp::command::Noop).await.expect("the session goes on");
    peer.finish();

    let (connection, peer) = greeted(script(&["PIPELINING"], begin)).await;
    let group = connection.pipeline().mail(mail()).rcpt(rcpt()).content(Opens, "QUIT\r\n");
    let (_, (_, _, message)) = group.await;
    let refusal = message.opening.refusal().expect("it is not sent");
    assert!(refusal.to_string().starts_with(text), "{refusal}");
    assert!(!String::from_utf8_lossy(&peer.written()).contains("QUIT"));
}
