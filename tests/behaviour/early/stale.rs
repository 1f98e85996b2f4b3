//! A server that offers something else than in its last session: no message is lost, none arrives
//! twice, and nothing is used that is not offered.

use smtp::connect::CapabilityCache;
use smtp::message::LineEnds;
use smtp::testing::Script;
use smtp::{Body, DeliverError, Envelope, Error, Plain, Transfer};
use tests::{Fate as _, Mta, error, hello};

use super::{AUTH, Bed, QUIT, Session, network, submission};

const OFFERS: &[&str] = &[
    "PIPELINING",
    "SIZE 1000",
    "8BITMIME",
    "SMTPUTF8",
    "DSN",
    "CHUNKING",
    "BINARYMIME",
    "ENHANCEDSTATUSCODES",
    "AUTH PLAIN",
    "STARTTLS",
    "LIMITS RCPTMAX=10",
    "HELP",
    "PIPECONNECT",
];

/// The offers without this one, or with another in its place.
fn changed(index: usize, other: Option<&'static str>) -> &'static [&'static str] {
    let mut offers = OFFERS.to_vec();
    match other {
        Some(other) => offers[index] = other,
        None => {
            offers.remove(index);
        }
    }
    offers.leak()
}

/// Sends two messages: the second to a server that has changed. Gives their fates, the messages that
/// arrived in the second session, and its commands.
async fn second(
    offers: &'static [&'static str],
    envelope: &Envelope,
    body: impl Fn() -> Body<'static>,
    transfer: Transfer,
) -> (String, Vec<(Vec<String>, String)>, Vec<String>) {
    let (first, _) = Mta::offering(OFFERS).start();
    let (again, inbox) = Mta::offering(offers).start();
    let network = network([first, again].map(Session::WithMta));
    let submission = submission(&network).without_tls();
    let submission = submission.transfer(transfer).capability_cache(&CapabilityCache::new());
    let mut fates = Vec::new();
    for _ in 0..2 {
        let sent = submission.connect_and_deliver(envelope, body()).await;
        let (connection, result) = sent.unwrap_or_else(|error| panic!("{offers:?}: {error}"));
        fates.push(result.fate());
        drop(connection);
    }
    assert!(fates[0].starts_with("Delivered"), "{fates:?}");
    let inbox = inbox.await.expect("a server");
    (fates.remove(1), inbox.messages, inbox.commands)
}

/// The commands of a session, without their arguments.
fn verbs(commands: &[String]) -> String {
    let verbs: Vec<_> = commands.iter().filter_map(|line| line.split(' ').next()).collect();
    verbs.join(" ")
}

fn to(recipients: &[&str]) -> Envelope {
    Envelope::new("me@example.com", recipients.iter().copied()).expect("addresses")
}

/// Each keyword that disappears: the message arrives once, as what is offered now has it.
#[tokio::test(start_paused = true)]
async fn a_keyword_that_disappears() {
    for (index, keyword) in OFFERS.iter().enumerate() {
        let body = || Body::from("x\r\n".to_owned());
        let envelope = to(&["a@example.org", "b@example.org"]);
        let (fate, messages, commands) =
            second(changed(index, None), &envelope, body, Transfer::chunks()).await;
        assert_eq!(fate, "Delivered 250 | 250:ok 250:ok", "{keyword}: {commands:?}");
        assert_eq!(messages.len(), 1, "{keyword}");
        assert_eq!(messages[0].1, "x\r\n", "{keyword}");
        assert_eq!(messages[0].0.len(), 2, "{keyword}");
        let content = if *keyword == "CHUNKING" { "DATA" } else { "BDAT" };
        let again = format!("EHLO MAIL RCPT RCPT RSET MAIL RCPT RCPT {content}");
        assert_eq!(verbs(&commands), again, "{keyword}");
        assert_eq!(commands[5].contains("SIZE="), !keyword.starts_with("SIZE"), "{commands:?}");
    }
    // The same once more: what is compared is what is offered, and not how it is written.
    let mut same = OFFERS.to_vec();
    same[0] = "pipelining";
    let body = || Body::from("x\r\n".to_owned());
    let envelope = to(&["a@example.org", "b@example.org"]);
    let (_, _, commands) = second(same.leak(), &envelope, body, Transfer::chunks()).await;
    assert_eq!(verbs(&commands), "EHLO MAIL RCPT RCPT BDAT");
}

/// A keyword that disappears, what is offered in its place, and a message that needs it.
type Row<'a> = (&'a str, Option<&'static str>, Envelope, &'a dyn Fn() -> Body<'static>);

/// A message that needs what disappears is refused with the reason, and is not lost in silence.
#[tokio::test(start_paused = true)]
async fn a_keyword_that_a_message_needs() {
    let plain = || to(&["a@example.org"]);
    let utf8 = to(&["\u{fc}@example.org"]);
    let eight = || Body::from("\u{fc}\r\n".to_owned());
    let binary = || Body::from(b"\0".to_vec()).line_ends(LineEnds::Binary);
    let long = || Body::from("x".repeat(500));
    let header = || Body::from("Subject: \u{fc}\r\n".to_owned());
    let table: [Row<'_>; 5] = [
        ("SMTPUTF8", None, plain(), &header),
        ("SMTPUTF8", None, utf8, &eight),
        ("BINARYMIME", None, plain(), &binary),
        ("CHUNKING", None, plain(), &binary),
        ("SIZE 1000", Some("SIZE 100"), plain(), &long),
    ];
    for (keyword, other, envelope, body) in table {
        let index = OFFERS.iter().position(|offer| *offer == keyword).expect("offered");
        let (fate, messages, commands) =
            second(changed(index, other), &envelope, body, Transfer::chunks()).await;
        assert!(fate.starts_with("Refused permanent Caller - | -:local"), "{keyword}: {fate}");
        assert!(messages.is_empty(), "{keyword}");
        assert_eq!(verbs(&commands), "EHLO MAIL RCPT", "{keyword}");
    }
}

/// The offers inside TLS from the first byte: AUTH waits for the reply that tells whether there is
/// any, and what else is gone.
#[tokio::test(start_paused = true)]
async fn no_auth_before_the_reply_to_ehlo() {
    for (index, keyword) in OFFERS.iter().enumerate() {
        let ehlo = tests::ehlo(changed(index, None));
        let (ehlo, reply) = ehlo.split_once('\n').expect("EHLO, and the reply to it");
        let offers_auth = !keyword.starts_with("AUTH");
        let login = if offers_auth { format!("{AUTH}S: 235 ok\n") } else { String::new() };
        let first = Script::new("-- tls --").then(&hello(OFFERS));
        let first = first.then(&format!("{AUTH}S: 235 ok\n{QUIT}")).lockstep();
        let again = format!("-- tls --\n{ehlo}\nS: 220 hi\n-- wait 1m --\n{reply}{login}{QUIT}");
        let bed = Bed::new([first, Script::new(&again).lockstep()]);
        let submission = bed.submission.clone().implicit_tls();
        let submission = submission.capability_cache(&CapabilityCache::new());
        let submission = submission.auth_with(|| Plain::new("me", "pencil"));
        submission.connect().await.expect("a login").quit().await.expect("QUIT");
        match submission.connect().await {
            Ok(connection) => connection.quit().await.expect("QUIT"),
            Err(error) => assert!(!offers_auth, "{keyword}: {error}"),
        }
        bed.finish();
    }
}

/// STARTTLS is gone: the session ends, as it does when it is not there the first time.
#[tokio::test(start_paused = true)]
async fn no_starttls_any_more() {
    let inside = tests::ehlo(&["AUTH PLAIN"]);
    let rest = format!("C: STARTTLS\nS: 220 go\n-- tls --\n{inside}{AUTH}S: 235 ok\n{QUIT}");
    let index = OFFERS.iter().position(|offer| *offer == "STARTTLS").expect("offered");
    let again = super::early("", changed(index, None), QUIT).lockstep();
    let bed = Bed::new([Script::new(&hello(OFFERS)).then(&rest).lockstep(), again]);
    let submission = bed.submission.clone().capability_cache(&CapabilityCache::new());
    let submission = submission.auth_with(|| Plain::new("me", "pencil"));
    submission.connect().await.expect("a login").quit().await.expect("QUIT");
    let refused = error(submission.connect().await);
    assert!(matches!(refused, Error::Refused(ref refusal) if refusal.is_local()), "{refused}");
    bed.finish();
    let sent = submission.connect_and_deliver(&to(&["a@example.org"]), "x").await;
    assert!(matches!(sent, Err(DeliverError::NotSent(_))), "there is no third session");
}

/// A keyword that is gone is not remembered: the session after that begins as any other.
#[tokio::test(start_paused = true)]
async fn pipeconnect_is_forgotten() {
    let index = OFFERS.len() - 1;
    assert_eq!(OFFERS[index], "PIPECONNECT");
    let without = changed(index, None);
    let ordinary = |offers: &[&str]| Script::new(&hello(offers)).then(QUIT).lockstep();
    let again = super::early("", without, QUIT).lockstep();
    let bed = Bed::new([ordinary(OFFERS), again, ordinary(without), ordinary(OFFERS)]);
    let submission = bed.submission.clone().without_tls();
    let submission = submission.capability_cache(&CapabilityCache::new());
    for _ in 0..4 {
        submission.connect().await.expect("a session").quit().await.expect("QUIT");
    }
    bed.finish();
}
