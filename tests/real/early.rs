//! The first message in fewer round trips: which servers take MAIL and RCPT in one flight with AUTH,
//! and Exim's early pipelining.

use std::sync::{Arc, Mutex};

use smtp::connect::{CapabilityCache, NoMechanism};
use smtp::trace::Event;
use smtp::{DeliverError, Envelope, Plain, Policy, Submission, Transfer};

use super::mailbox_check;
use super::server::Server;

/// The end of the flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    /// MAIL left before AUTH was answered, and the session went on.
    Taken,
    /// The server does not let commands follow: AUTH went alone.
    Alone,
}

/// Each server of the bed, as the chapter on round trips has it.
const TABLE: [(&str, Flight); 6] = [
    ("postfix", Flight::Taken),
    ("dovecot", Flight::Taken),
    ("exim", Flight::Taken),
    ("exim-gsasl", Flight::Taken),
    ("nodemailer", Flight::Taken),
    ("aiosmtpd", Flight::Alone),
];

pub(super) type Lines = Arc<Mutex<Vec<String>>>;

/// A submission whose lines are seen, and whose messages wait for the replies to RCPT.
fn watched(server: &Server, implicit: bool) -> (Submission<NoMechanism>, Lines) {
    let (submission, lines) = seen(Submission::new("localhost").tls(server.tls()));
    let submission = if implicit {
        submission.implicit_tls().port(server.port("PORT_SMTPS"))
    } else {
        submission.port(server.port("PORT_SUBMISSION"))
    };
    (submission.pipeline_auth(), lines)
}

pub(super) fn seen(submission: Submission) -> (Submission, Lines) {
    let lines = Lines::default();
    let seen = Arc::clone(&lines);
    let submission = submission.observer(move |event: &Event<'_>| {
        if let Event::Sent(line) | Event::Received(line) = event {
            seen.lock().expect("one thread").push(line.to_string());
        }
    });
    (submission, lines)
}

fn flight(lines: &Lines) -> (Flight, usize) {
    let lines = lines.lock().expect("one thread");
    let first = |start: &str| lines.iter().position(|line| line.starts_with(start));
    let sessions = lines.iter().filter(|line| line.starts_with("220 ")).count();
    let is_ahead = first("MAIL").expect("MAIL") < first("235").expect("AUTH was accepted");
    (if is_ahead { Flight::Taken } else { Flight::Alone }, sessions)
}

async fn through(name: &str) {
    let Some(server) = Server::get_started(name) else { return };
    let (_, expected) = TABLE.into_iter().find(|(known, _)| *known == name).expect("a row");
    let user = server.user().to_owned();
    let envelope = Envelope::new(user.as_str(), [user.as_str()]).expect("addresses");
    // It looks at the recipients: the message gains from the flight without CHUNKING too.
    let envelope = envelope.policy(Policy::AllOrNothing);
    let mut sent = Vec::new();
    for implicit in [false, true] {
        let message = message("early", usize::from(implicit));
        let (submission, lines) = watched(server, implicit);
        let submission = submission.auth(Plain::new(&user, server.get("SMTP_PASSWORD")));
        let delivered = submission.connect_and_deliver(&envelope, &message).await;
        let (mail, receipt) = delivered.unwrap_or_else(|error| panic!("{name}: {error}"));
        receipt.unwrap_or_else(|error| panic!("{name}: {error}"));
        mail.quit().await.expect("QUIT");
        // STARTTLS is answered with 220 too.
        assert_eq!(flight(&lines), (expected, 2 - usize::from(implicit)), "{name}: {lines:?}");
        sent.push(message.into_bytes());

        let (submission, lines) = watched(server, implicit);
        let submission = submission.auth(Plain::new(&user, "wrong"));
        let error = submission.connect_and_deliver(&envelope, "never").await;
        let error = error.expect_err("a wrong password");
        assert!(matches!(error, DeliverError::NotSent(_)), "{name}: {error:?}");
        let code = error.reply().map(|reply| reply.code().value());
        assert_eq!(code, Some(535), "{name}: {error} {lines:?}");
        let data = |line: &String| line == "DATA";
        assert!(!lines.lock().expect("one thread").iter().any(data), "{name}: {lines:?}");
    }
    let mut delivered = mailbox_check::wait_for(server, &user, "early", 2).await;
    delivered.sort();
    sent.sort();
    assert_eq!(delivered, sent, "{name} got other messages");
}

with_each_server!(through);

#[tokio::test]
async fn exim_gsasl() {
    through("exim-gsasl").await;
}

fn message(mark: &str, number: usize) -> String {
    format!(
        "X-First: {mark}\r\nFrom: tester@example.test\r\nMessage-ID: <{number}@example.test>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n{number}\r\n"
    )
}

/// Where the first line with this begin stands among those of a session.
pub(super) fn first(lines: &[String], start: &str) -> usize {
    let found = lines.iter().position(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no {start} in {lines:#?}"))
}

/// In clear: EHLO, MAIL and RCPT leave before the greeting in all sessions but the first.
async fn exim_in_clear(name: &str) {
    let Some(server) = Server::get_started(name) else { return };
    let user = server.user().to_owned();
    let envelope = Envelope::new("a@example.com", [user.as_str()]).expect("addresses");
    let (submission, lines) = seen(Submission::new("localhost"));
    let submission = submission.port(server.port("PORT_PLAIN")).without_tls();
    let submission = submission.transfer(Transfer::chunks());
    let submission = submission.capability_cache(&CapabilityCache::new());
    let sent: Vec<_> = (0..3).map(|number| message("pipeconnect", number)).collect();
    for (number, message) in sent.iter().enumerate() {
        let delivered = submission.connect_and_deliver(&envelope, message).await;
        let (mail, receipt) = delivered.unwrap_or_else(|error| panic!("{name}: {error}"));
        receipt.unwrap_or_else(|error| panic!("{name}: {error}"));
        mail.quit().await.expect("QUIT");
        let lines = std::mem::take(&mut *lines.lock().expect("one thread"));
        let greeting = first(&lines, "220 ");
        assert_eq!(first(&lines, "EHLO") < greeting, number > 0, "{name}: {lines:#?}");
        assert_eq!(first(&lines, "RCPT") < greeting, number > 0, "{name}: {lines:#?}");
        assert!(first(&lines, "BDAT") > first(&lines, "250-PIPECONNECT"), "{name}: {lines:#?}");
        let sessions = lines.iter().filter(|line| line.starts_with("EHLO")).count();
        assert_eq!(sessions, 1, "{name}: {lines:#?}");
    }
    let delivered = mailbox_check::wait_for(server, &user, "pipeconnect", sent.len()).await;
    assert_eq!(delivered, sent.into_iter().map(String::into_bytes).collect::<Vec<_>>());
}

/// Inside TLS and under STARTTLS: EHLO leaves before the greeting.
async fn exim_in_tls(name: &str) {
    let Some(server) = Server::get_started(name) else { return };
    for implicit in [true, false] {
        let (submission, lines) = watched(server, implicit);
        let submission = submission.capability_cache(&CapabilityCache::new());
        let password = server.get("SMTP_PASSWORD").to_owned();
        let user = server.user().to_owned();
        let submission = submission.auth_with(move || Plain::new(&*user, &*password));
        for number in 0..3 {
            submission.connect().await.expect("a login").quit().await.expect("QUIT");
            let lines = std::mem::take(&mut *lines.lock().expect("one thread"));
            let is_early = first(&lines, "EHLO") < first(&lines, "220 ");
            assert_eq!(is_early, number > 0, "{name} {implicit}: {lines:#?}");
            assert!(first(&lines, "AUTH") > first(&lines, "250-AUTH"), "{name}: {lines:#?}");
        }
    }
}

#[tokio::test]
async fn exim_pipeconnect() {
    for name in ["exim", "exim-gsasl"] {
        exim_in_clear(name).await;
        exim_in_tls(name).await;
    }
}
