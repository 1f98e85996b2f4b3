//! Refusals, of the server and of this side.

use smtp::auth::{AccessToken, Credentials, Need, TokenError};
use smtp::command::{Mail, Noop, Rcpt};
use smtp::extension::TransactionId;
use smtp::message::{LineEnds, Policy};
use smtp::testing::Script;
use smtp::{Body, Connection, DeliverError, Envelope, Login, Mailbox, Plain, TlsConfig, Transfer};
use tests::{Mta, error, greeted, in_transaction, script, secured, server, slow};

use super::Seen;

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

async fn deliver(offers: &[&str], dialogue: &str, envelope: &Envelope, body: Body<'_>) -> Seen {
    let (mut connection, _peer) = greeted(script(offers, dialogue)).await;
    Seen::of_message(&connection.deliver(envelope, body).await.expect_err("it must fail"))
}

fn id() -> TransactionId {
    TransactionId::new("17@client.example").expect("a name")
}

pub(super) async fn seen() -> Vec<Seen> {
    let mut seen = Vec::new();
    for code in [554, 450] {
        let (stream, _peer) = Script::new(&format!("S: {code} no\nC: QUIT")).start();
        seen.push(Seen::of(error(Connection::from_stream(stream, &server()).await)));
        let (mut connection, _peer) = greeted(script(&[], &format!("C: NOOP\nS: {code} no"))).await;
        seen.push(Seen::of(error(connection.send(Noop).await)));
        let dialogue = format!(
            "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go\nC: x\nC: .\nS: {code} no"
        );
        seen.push(deliver(&[], &dialogue, &envelope(), "x".into()).await);
    }
    let resumed = "C: MAIL *\nS: 355 17 is the transaction offset";
    let (connection, _peer) = greeted(script(&["CHECKPOINT"], resumed)).await;
    let me: Mailbox = "me@example.com".parse().expect("an address");
    seen.push(Seen::of(error(connection.mail(Mail::from(me).with(id())).await)));
    seen
}

pub(super) async fn authentication() -> Vec<Seen> {
    let mut plain = Plain::new("me", "pencil");
    let mut seen = Vec::new();
    for offers in [&["AUTH LOGIN"][..], &[]] {
        let (connection, _peer) = secured(offers, "").await;
        seen.push(Seen::of(error(connection.authenticate(&mut plain).await)));
    }
    let (connection, _peer) = greeted(script(&[], "")).await;
    seen.push(Seen::of(error(connection.dangerous().authenticate(&mut plain).await)));
    for reply in [
        "535 5.7.8 no",
        "535 5.7.139 basic authentication is disabled",
        "525 5.7.13 no",
        "534 5.7.9 no",
        "538 5.7.11 no",
        "432 4.7.12 no",
        "454 4.7.0 no",
    ] {
        let dialogue = format!("C: AUTH PLAIN *\nS: {reply}");
        let (connection, _peer) = secured(&["AUTH PLAIN"], &dialogue).await;
        seen.push(Seen::of(error(connection.authenticate(&mut plain).await)));
    }
    let (connection, _peer) = secured(&["AUTH LOGIN"], "").await;
    seen.push(Seen::of(error(connection.authenticate(&mut Login::new("me", "")).await)));
    let question = "C: AUTH LOGIN\nS: 334\nC: bWU=\nS: 334\nC: cGVuY2ls\nS: 334\nC: \\*\nS: 501 no";
    let (connection, _peer) = secured(&["AUTH LOGIN"], question).await;
    seen.push(Seen::of(error(connection.authenticate(&mut Login::new("me", "pencil")).await)));

    let script = Script::new("-- tls --").then(&tests::hello(&["AUTH PLAIN"]));
    let (stream, _peer) = script.start();
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("no roots");
    let connection = Connection::from_tls_stream(stream, &server(), &tls).await.expect("EHLO");
    seen.push(Seen::of(error(connection.authenticate(&mut plain).await)));
    seen.extend(credentials().await);
    seen
}

async fn credentials() -> Vec<Seen> {
    let mut seen = Vec::new();
    let lied = "C: AUTH XOAUTH2 *\nS: 334 e30=\nC:\nS: 535 5.7.8 no";
    let wrong = "C: AUTH PLAIN *\nS: 535 5.7.8 no";
    let stale = "C: AUTH XOAUTH2 *\nS: 535 5.7.8 no";
    let gone = |need: Need| {
        std::future::ready(match need {
            Need::Authentication => Ok(AccessToken::new("t")),
            _ => Err(TokenError::temporary("down")),
        })
    };
    let never = |_: Need| std::future::ready(Err(TokenError::new("withdrawn")));
    let later = |_: Need| std::future::ready(Err(TokenError::temporary("down")));
    for (dialogue, mut credentials) in [
        (lied, Credentials::token("me", "t")),
        (wrong, Credentials::password("me", "pencil")),
        (stale, Credentials::token_source("me", gone)),
        ("", Credentials::token_source("me", never)),
        ("", Credentials::token_source("me", later)),
        ("", Credentials::external()),
    ] {
        let (connection, _peer) = secured(&["AUTH PLAIN LOGIN XOAUTH2"], dialogue).await;
        seen.push(Seen::of(error(connection.authenticate(&mut credentials).await)));
    }
    seen
}

pub(super) async fn messages() -> Vec<Seen> {
    let opened = "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\n";
    let none = Envelope::new("me@example.com", [""; 0]).expect("no address is wrong");
    let mut seen = vec![
        deliver(&["SIZE 2"], "", &envelope(), "xyz".into()).await,
        deliver(
            &[],
            "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: RCPT *\nS: 550 c\nC: RSET\nS: 250 ok",
            &Envelope::new("me@example.com", ["a@example.org", "b@example.org"])
                .expect("addresses")
                .policy(Policy::AllOrNothing),
            "x".into(),
        )
        .await,
        deliver(&[], "", &none, "x".into()).await,
        deliver(&[], opened, &envelope(), slow([(0, None)])).await,
        deliver(&[], "", &envelope(), "\0".into()).await,
        deliver(&[], "", &envelope(), Body::from("a\rb").line_ends(LineEnds::Strict)).await,
        deliver(&[], "", &envelope(), Body::from("a\nb\r\n").line_ends(LineEnds::Strict)).await,
        deliver(&[], "", &envelope(), Body::from("x".repeat(2000)).line_ends(LineEnds::Strict))
            .await,
        deliver(&[], "", &envelope(), "\u{fc}".into()).await,
        deliver(&["8BITMIME"], "", &envelope(), "Subject: \u{fc}".into()).await,
    ];
    for (body, length) in [("ab", 3), ("abcd", 3)] {
        let body = slow([(0, Some(body))]).length(length);
        seen.push(
            deliver(
                &[],
                "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go",
                &envelope(),
                body,
            )
            .await,
        );
    }
    let (mut transaction, _peer) = in_transaction(&[], "C: RCPT *\nS: 250 ok").await;
    let you: Mailbox = "you@example.org".parse().expect("an address");
    transaction.rcpt(Rcpt::to(you)).await.expect("RCPT");
    let binary = Body::from("x").line_ends(LineEnds::Binary);
    seen.push(Seen::of(error(transaction.data(binary).await)));
    seen.push(limited("LIMITS MAILMAX=1").await);
    seen.push(few_at_once().await);
    seen.push(read_already().await);
    for offset in [17, 1] {
        let resumed = format!("C: MAIL *\nS: 355 {offset} is the transaction offset");
        seen.push(deliver(&["CHECKPOINT"], &resumed, &envelope().with(id()), "xyz".into()).await);
    }
    let whole = Envelope::new("me@example.com", ["a@example.org", "b@example.org"]);
    let whole = whole.expect("addresses").policy(Policy::Whole);
    seen.push(deliver(&["LIMITS RCPTMAX=1"], "", &whole, "x".into()).await);
    seen
}

/// More messages than the server takes.
async fn limited(limits: &str) -> Seen {
    let dialogue = "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go\nC: x\nC: .\n\
                    S: 250 taken";
    let (mut connection, _peer) = greeted(script(&[limits], dialogue)).await;
    connection.deliver(&envelope(), "x").await.expect("the first");
    Seen::of_message(&connection.deliver(&envelope(), "x").await.expect_err("the second"))
}

/// A message for more recipients than its transactions may take.
async fn few_at_once() -> Seen {
    let dialogue = "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: RCPT *\nS: 452 4.5.3 too many\n\
                    C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken";
    let (stream, _peer) = script(&[], dialogue).start();
    let mut limits = smtp::connect::Limits::default();
    limits.transactions = 1;
    let server = server().limits(limits);
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    let recipients = ["a@example.org", "b@example.org"];
    let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
    let receipt = connection.deliver(&envelope, "x").await.expect("for one of them");
    let smtp::message::RecipientOutcome::Refused(refusal) = receipt.recipients()[1].outcome()
    else {
        panic!("{receipt:?}");
    };
    Seen::of(refusal.clone())
}

/// A message whose source was read before its MAIL was refused with what came before it.
async fn read_already() -> Seen {
    let mta =
        Mta { refuses_what_follows_a_message: true, ..Mta::offering(&["PIPELINING", "CHUNKING"]) };
    let (stream, _inbox) = mta.start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(Transfer::eager());
    let mut seen = Vec::new();
    let messages = [Body::from("a"), Body::from("b"), slow([(0, Some("c"))])];
    let messages = messages.map(|body| (envelope(), body));
    let report = |_, result: Result<_, DeliverError>| {
        seen.extend(result.err().map(|error| Seen::of_message(&error)));
    };
    connection.deliver_all(messages, report).await.expect("a session");
    seen.pop().expect("a refusal")
}
