//! The commands of extensions: their lines, the keywords that they need, and their replies.

use std::net::IpAddr;

use smtp::auth::Plain;
use smtp::command::{
    Atrn, Burl, BurlLast, Etrn, Expn, ForwardSource, FromReply, Mail, Member, Noop, QueueStart,
    Rcpt, Verification, Vrfy, WellKnown, XClient, XForward, encode,
};
use smtp::connection::{AnyConnection, TransitionError};
use smtp::grammar::{Capabilities, Domain, ReplyCode, SmtpString};
use smtp::{Command, Mailbox, Reply};
use tests::{authed, greeted, script, secured};

fn offering(keywords: &[&str]) -> Capabilities {
    let lines = ["mail.example.test"].iter().chain(keywords);
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

fn line<C: Command>(command: &C, keywords: &[&str]) -> String {
    let line = encode(command, &offering(keywords)).expect("a line");
    String::from_utf8(line).expect("UTF-8")
}

fn refused<C: Command>(command: &C, keywords: &[&str]) -> String {
    encode(command, &offering(keywords)).expect_err("no line").to_string()
}

fn domain(name: &str) -> Domain {
    name.parse().expect("a domain")
}

fn text(text: &str) -> SmtpString {
    text.parse().expect("a string")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn reply(code: u16, lines: &[&str]) -> Reply {
    Reply::new(ReplyCode::new(code).expect("a code"), lines)
}

#[test]
fn utf8_is_not_sent_without_its_keyword() {
    let table = [
        refused(&Vrfy::new(text("ada")).smtputf8(), &[]),
        refused(&Expn::new(text("ada")).smtputf8(), &["EXPN"]),
        refused(&Vrfy::new(text("\u{e4}")), &["SMTPUTF8"]),
    ];
    for error in table {
        assert!(error.contains("SMTPUTF8"), "{error}");
    }
    assert_eq!(line(&Expn::new(text("staff")).unlisted(), &["VRFY"]), "EXPN staff\r\n");
    let error = refused(&Etrn::Queue(String::new()), &["ETRN"]);
    assert!(error.contains("empty after \"#\""), "{error}");
    for injected in ["a\r\nRSET", "a b"] {
        encode(&Etrn::Queue(injected.to_owned()), &offering(&["ETRN"])).expect_err(injected);
    }
}

#[test]
fn attributes_of_another_client() {
    let all = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
    let client = XClient::new()
        .address(address("2001:db8::7"))
        .name("client name")
        .port(12345)
        .protocol("ESMTP")
        .helo(domain("client.example"))
        .login("me=you")
        .destination_address(address("192.0.2.1"))
        .destination_port(25);
    assert_eq!(
        line(&client, &[all]),
        "XCLIENT ADDR=IPV6:2001:db8::7 NAME=client+20name PORT=12345 PROTO=ESMTP \
         HELO=client.example LOGIN=me+3Dyou DESTADDR=192.0.2.1 DESTPORT=25\r\n"
    );
    let error = refused(&client, &["XCLIENT NAME ADDR PORT PROTO HELO"]);
    assert!(error.contains("LOGIN is not listed after XCLIENT"), "{error}");
    let error = refused(&XClient::new(), &[all]);
    assert!(error.contains("empty"), "{error}");
    assert_eq!(line(&XClient::new().port(1).port(2), &[all]), "XCLIENT PORT=2\r\n");
    assert_eq!(line(&XClient::new().without_name(), &[all]), "XCLIENT NAME=[UNAVAILABLE]\r\n");
    let unknown = XClient::new().name_not_found_now();
    assert_eq!(line(&unknown, &[all]), "XCLIENT NAME=[TEMPUNAVAIL]\r\n");

    let forward = XForward::new()
        .name("client.example")
        .address(address("192.0.2.7"))
        .port(1)
        .protocol("ESMTP")
        .helo(domain("client.example"))
        .queue_id("4F2K")
        .source(ForwardSource::Remote);
    assert_eq!(
        line(&forward, &["XFORWARD ADDR IDENT SOURCE"]),
        "XFORWARD ADDR=192.0.2.7 IDENT=4F2K SOURCE=REMOTE\r\n"
    );
    let local = XForward::new().source(ForwardSource::Local).without_name();
    let expected = "XFORWARD SOURCE=LOCAL NAME=[UNAVAILABLE]\r\n";
    assert_eq!(line(&local, &["XFORWARD SOURCE NAME"]), expected);
    assert!(refused(&forward, &["XFORWARD"]).contains("empty"));
    let named = |name: &str, times| XForward::new().name(name.repeat(times));
    // The bytes count before they are encoded.
    for (name, times) in [("n", 255), ("\u{e9}", 80)] {
        line(&named(name, times), &["XFORWARD NAME"]);
    }
    let error = refused(&named("n", 256), &["XFORWARD NAME"]);
    assert!(error.contains("NAME has more than 255 bytes"), "{error}");
}

/// "command length limit is 512": each line holds what fits, and the address comes last.
#[test]
fn long_attributes_travel_in_several_lines() {
    let offers = &["XCLIENT NAME ADDR HELO LOGIN PORT"];
    for length in [1, 200, 240, 241, 400, 480] {
        let client = XClient::new()
            .address(address("192.0.2.7"))
            .name("n".repeat(length))
            .login("l".repeat(length))
            .port(25);
        let lines: Vec<_> = client.into_lines().iter().map(|part| line(part, offers)).collect();
        assert!(lines.iter().all(|line| line.len() <= 512), "{lines:?}");
        assert!(lines.last().is_some_and(|line| line.contains(" ADDR=192.0.2.7")), "{lines:?}");
        let whole: usize = lines.iter().map(|line| line.matches('=').count()).sum();
        assert_eq!(whole, 4, "each attribute once: {lines:?}");
        let fewest = if length == 1 { 1 } else { (2 * length + 100).div_ceil(512) };
        assert!(lines.len() <= fewest + 1, "{lines:?}");
    }
    assert!(XClient::new().into_lines().is_empty());
    let forward = XForward::new().name("n".repeat(255)).queue_id("q".repeat(255));
    assert_eq!(forward.into_lines().len(), 2);
}

fn member(name: Option<&str>, mailbox: &str) -> (Option<String>, Mailbox) {
    (name.map(ToOwned::to_owned), mailbox.parse().expect("an address"))
}

fn parts(member: Member) -> (Option<String>, Mailbox) {
    (member.name, member.mailbox)
}

#[test]
fn users_as_servers_name_them() {
    let table = [
        (
            reply(250, &["2.1.5 Ada L <ada@example.org>"]),
            Some(member(Some("Ada L"), "ada@example.org")),
        ),
        (reply(250, &["<ada@example.org> is deliverable"]), Some(member(None, "ada@example.org"))),
        (reply(250, &["ada@example.org"]), Some(member(None, "ada@example.org"))),
        (
            reply(251, &["User not local; will forward to <ada@example.net>"]),
            Some(member(Some("User not local; will forward to"), "ada@example.net")),
        ),
        (reply(250, &["yes"]), None),
        (reply(252, &["2.0.0 ada@example.org"]), None),
    ];
    for (reply, expected) in table {
        let verification = Verification::from_reply(reply.clone()).expect("a verification");
        assert_eq!(verification.member().map(parts), expected, "{reply}");
        assert_eq!(verification.reply(), &reply);
    }

    let lines = ["2.1.5 Ada <ada@example.org>", "2.1.5 bob@example.org", "2.1.5 and others"];
    let expansion = smtp::command::Expansion::from_reply(reply(250, &lines)).expect("a list");
    let members: Vec<_> = expansion.members().map(|one| one.map(parts)).collect();
    assert_eq!(members[0].clone().ok(), Some(member(Some("Ada"), "ada@example.org")));
    assert_eq!(members[1].clone().ok(), Some(member(None, "bob@example.org")));
    assert_eq!(members[2], Err("and others".to_owned()));
    let unsaid = smtp::command::Expansion::from_reply(reply(252, &["a@example.org"]));
    assert_eq!(unsaid.expect("a reply").members().count(), 0);
}

#[test]
fn queues_as_servers_start_them() {
    let table = [
        (250, "OK, queuing for node a.example started", None),
        (251, "OK, no messages waiting for node a.example", None),
        (252, "OK, pending messages for node a.example started", None),
        (253, "OK, 7 pending messages for node a.example started", Some(7)),
        (253, "2.0.0 OK, 12 pending", Some(12)),
        (253, "OK, many", None),
    ];
    for (code, text, messages) in table {
        let start = QueueStart::from_reply(reply(code, &[text])).expect("a start");
        assert_eq!(start.messages(), messages, "{text}");
        let fits = matches!(
            (code, &start),
            (250, QueueStart::Started(_))
                | (251, QueueStart::Empty(_))
                | (252, QueueStart::Pending(_))
                | (253, QueueStart::Counted(_))
        );
        assert!(fits, "{start:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_a_queue_and_a_document() {
    let dialogue = "C: EXPN staff\nS: 250-Ada <ada@example.org>\nS: 250 bob@example.org
                    C: EXPN secret\nS: 550 no such list
                    C: ETRN a.example\nS: 253 OK, 3 pending messages for node a.example started
                    C: ETRN #slow\nS: 458 Unable to queue messages for node slow
                    C: WELLKNOWN mta\nS: 250-mta SIZE=6\nS: 250-a+0D+0A\nS: 250 b=\nS: 250 b+0D+0A";
    let dialogue = dialogue.replace("S: 250 b=\n", "");
    let (mut connection, peer) = greeted(script(&["EXPN", "ETRN", "WELLKNOWN"], &dialogue)).await;
    let staff = connection.send(Expn::new(text("staff"))).await.expect("a list");
    assert_eq!(staff.members().flatten().count(), 2);
    connection.send(Expn::new(text("secret"))).await.expect_err("refused");
    let started = connection.send(Etrn::Host(domain("a.example"))).await.expect("a queue");
    assert_eq!(started.messages(), Some(3));
    connection.send(Etrn::Queue("slow".to_owned())).await.expect_err("458");
    let document = connection.send(WellKnown::new("mta")).await.expect("a document");
    assert_eq!(document.size(), Some(6));
    assert_eq!(document.content().as_deref(), Some(&b"a\r\nb\r\n"[..]));
    peer.finish();
}

/// Each line of XCLIENT takes the session back to its greeting, and EHLO follows.
#[tokio::test(start_paused = true)]
async fn for_another_client_in_two_lines() {
    let name = "n".repeat(490);
    let dialogue = format!(
        "C: XCLIENT NAME={name}\nS: 220 mail.example.test\nC: EHLO *\nS: 250-mail\nS: 250 XCLIENT NAME ADDR
         C: XCLIENT ADDR=192.0.2.7\nS: 220 mail.example.test\nC: EHLO *\nS: 250-mail\nS: 250 DSN
         C: QUIT\nS: 221 bye"
    );
    let (mut connection, peer) = secured(&["XCLIENT NAME ADDR"], &dialogue).await;
    let client = XClient::new().address(address("192.0.2.7")).name(name);
    for part in client.into_lines() {
        (connection, _) = connection.transition(part).await.expect("220");
    }
    assert!(connection.security().is_some(), "TLS stays");
    assert!(connection.capabilities().has("DSN"));
    assert!(!connection.capabilities().has("XCLIENT"));
    connection.quit().await.expect("221");
    peer.finish();
}

/// XCLIENT ends the authentication, and the session is as it was before AUTH.
#[tokio::test(start_paused = true)]
async fn for_another_client_after_authentication() {
    let again = "S: 220 mail.example.test\nC: EHLO *\nS: 250-mail\nS: 250-XCLIENT ADDR PORT\nS: 250 AUTH PLAIN";
    let login = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok";
    let client = XClient::new().address(address("192.0.2.7"));

    let dialogue = format!(
        "C: XCLIENT PORT=1\nS: 550 not you\nC: XCLIENT PORT=1\n{again}
         C: XCLIENT ADDR=192.0.2.7\n{again}\n{login}\nC: QUIT\nS: 221 bye"
    );
    let (connection, peer) = authed(&["XCLIENT PORT"], &dialogue).await;
    let refused = connection.transition(XClient::new().port(1)).await;
    let Err(TransitionError::Refused(refused)) = refused else { panic!("550") };
    let (connection, _) = refused.connection.transition(XClient::new().port(1)).await.expect("220");
    let (connection, _) = connection.transition(client.clone()).await.expect("220");
    let AnyConnection::Tls(connection) = AnyConnection::from(connection) else {
        panic!("TLS stays")
    };
    let connection = connection.authenticate(&mut Plain::new("me", "pencil")).await;
    connection.expect("another user").quit().await.expect("221");
    peer.finish();

    let dialogue = format!("{login}\nC: XCLIENT ADDR=192.0.2.7\n{again}\nC: NOOP\nS: 250 ok");
    let (connection, peer) = greeted(script(&["XCLIENT ADDR", "AUTH PLAIN"], &dialogue)).await;
    let authed = connection.dangerous().authenticate(&mut Plain::new("me", "pencil")).await;
    let (connection, _) = authed.expect("a login").transition(client).await.expect("220");
    let any = AnyConnection::from(connection);
    let AnyConnection::Greeted(mut connection) = any else { panic!("there was no TLS") };
    connection.send(Noop).await.expect("250");
    drop(connection);
    peer.finish();
}

/// XFORWARD may be followed by others in its group.
#[tokio::test(start_paused = true)]
async fn a_message_with_its_origin() {
    let dialogue = "C: XFORWARD ADDR=192.0.2.7
                    C: MAIL FROM:<me@example.com>\nC: RCPT TO:<you@example.org>\nC: DATA
                    S: 250 x\nS: 250 m\nS: 250 r\nS: 354 go\nC: x\nC: .\nS: 250 ok";
    let (connection, peer) = greeted(script(&["PIPELINING", "XFORWARD ADDR"], dialogue)).await;
    let mailbox = |address: &str| address.parse::<Mailbox>().expect("an address");
    let origin = XForward::new().address(address("192.0.2.7")).port(25);
    let (connection, (xforward, _, _, message)) = connection
        .pipeline()
        .send(origin)
        .mail(Mail::from(mailbox("me@example.com")))
        .rcpt(Rcpt::to(mailbox("you@example.org")))
        .data("x\r\n")
        .await;
    assert!(xforward.is_accepted());
    assert!(message.end.is_accepted());
    drop(connection);
    peer.finish();
}

/// BURL with LAST ends the transaction where it is accepted; refused, the transaction waits for RSET.
#[tokio::test(start_paused = true)]
async fn a_message_that_the_server_fetches() {
    let mailbox = |address: &str| address.parse::<Mailbox>().expect("an address");
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: BURL imap://a/1\nS: 250 ok\nC: BURL imap://a/2 LAST\nS: 250 2.5.0 taken
                    C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: BURL imap://a/3 LAST\nS: 554 5.6.6 IMAP URL resolution failed
                    C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye";
    let (mut connection, peer) = authed(&["AUTH PLAIN", "BURL imap"], dialogue).await;
    for taken in [true, false] {
        let begun = connection.mail(Mail::from(mailbox("me@example.com"))).await;
        let mut transaction = begun.expect("MAIL");
        transaction.rcpt(Rcpt::to(mailbox("you@example.org"))).await.expect("RCPT");
        if taken {
            transaction.send(Burl::new("imap://a/1")).await.expect("a part");
            let last = transaction.transition(BurlLast::new("imap://a/2")).await;
            let (next, reply) = last.expect("taken");
            assert_eq!(reply.message(), "taken");
            connection = next;
        } else {
            let last = transaction.transition(BurlLast::new("imap://a/3")).await;
            let Err(TransitionError::Refused(refused)) = last else { panic!("554") };
            connection = refused.connection.reset().await.expect("RSET");
        }
    }
    connection.quit().await.expect("221");
    peer.finish();
}

/// A URL that fetches mail is a secret: it does not travel in clear.
#[tokio::test(start_paused = true)]
async fn a_url_of_a_message_is_a_secret() {
    let dialogue = "C: MAIL *\nS: 250 ok";
    let (connection, _peer) = greeted(script(&["BURL"], dialogue)).await;
    let sender = "me@example.com".parse::<Mailbox>().expect("an address");
    let mut transaction = connection.mail(Mail::from(sender)).await.expect("MAIL");
    let error = transaction.send(Burl::new("imap://a/1;urlauth=x")).await.expect_err("in clear");
    assert!(error.to_string().contains("the command holds a secret"), "{error}");
    assert!(!format!("{:?}", Burl::new("imap://a/1;urlauth=x")).contains("urlauth"));
}

/// After ATRN the caller has the stream, and what came after the reply.
#[tokio::test(start_paused = true)]
async fn the_roles_turn() {
    let dialogue = "C: ATRN a.example\nS: 250 OK now reversing the connection";
    let (connection, peer) = authed(&["AUTH PLAIN", "ATRN"], dialogue).await;
    let taken = connection.into_stream(Atrn::new([domain("a.example")])).await;
    let (stream, _reply) = taken.expect("a stream");
    drop(stream);
    peer.finish();
}
