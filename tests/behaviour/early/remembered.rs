//! Commands that leave before the greeting, to a server that offered PIPECONNECT in its last session.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use smtp::connect::CapabilityCache;
use smtp::testing::Script;
use smtp::transport::{ResolveSrv, SrvAnswer, SrvRecord};
use smtp::{Connection, DeliverError, Plain, Submission, Transfer};
use tests::{Fate as _, ROUND_TRIP, hello};
use tokio::time::Instant;

use super::{AUTH, Bed, COMMANDS, MESSAGE, QUIT, TAKEN, client_name, early, envelope};

const OFFERS: &[&str] =
    &["PIPELINING", "CHUNKING", "SIZE 1000", "AUTH PLAIN", "STARTTLS", "PIPECONNECT"];
const DELIVERED: &str = "Delivered 250 | 250:ok 250:ok";

/// An ordinary session in clear, in which a message arrives.
fn ordinary() -> Script {
    let script = Script::new(&hello(OFFERS)).then(&format!("{COMMANDS}{TAKEN}{MESSAGE}{QUIT}"));
    script.lockstep()
}

/// One whose EHLO, MAIL and RCPT leave first.
fn ahead() -> Script {
    early(COMMANDS, OFFERS, &format!("{TAKEN}{MESSAGE}{QUIT}"))
}

type WithoutTls = Submission<smtp::connect::WithoutTls>;

/// A submission in clear, of messages that wait for the replies to RCPT.
fn in_clear(bed: &Bed, cache: &CapabilityCache) -> WithoutTls {
    bed.submission.clone().without_tls().transfer(Transfer::chunks()).capability_cache(cache)
}

/// The output of a call, and the round trips that it took.
async fn timed<T>(call: impl Future<Output = T>) -> (T, u64) {
    let begun = Instant::now();
    let output = call.await;
    (output, begun.elapsed().as_secs() / ROUND_TRIP.as_secs())
}

/// Sends a message, and gives its fate and the round trips of it.
async fn send(submission: &WithoutTls) -> (String, u64) {
    let envelope = envelope();
    let sending = submission.connect_and_deliver(&envelope, "x\r\n".to_owned());
    let (sent, round_trips) = timed(sending).await;
    let (connection, result) = sent.unwrap_or_else(|error| panic!("{error}"));
    connection.quit().await.expect("QUIT");
    (result.fate(), round_trips)
}

#[tokio::test(start_paused = true)]
async fn a_message_in_clear() {
    let bed = Bed::new([ordinary(), ahead(), ahead()]);
    let cache = CapabilityCache::new();
    let submission = in_clear(&bed, &cache);
    // TCP, greeting, EHLO, MAIL, BDAT.
    assert_eq!(send(&submission).await, (DELIVERED.to_owned(), 5));
    assert_eq!(cache.len(), 1);
    assert_eq!(send(&submission).await, (DELIVERED.to_owned(), 3));
    assert_eq!(send(&submission.clone()).await, (DELIVERED.to_owned(), 3));
    bed.finish();
}

/// DATA may follow RCPT at once, and waits for the reply to EHLO; so do MAIL and RCPT.
#[tokio::test(start_paused = true)]
async fn a_message_with_data_in_clear() {
    let data = format!("{COMMANDS}C: DATA\n{TAKEN}S: 354 go\nC: x\nC: .\nS: 250 ok\n{QUIT}");
    let first = Script::new(&hello(OFFERS)).then(&data).lockstep();
    let bed = Bed::new([first, early("", OFFERS, &data).lockstep()]);
    let submission = in_clear(&bed, &CapabilityCache::new()).transfer(Transfer::data());
    assert_eq!(send(&submission).await, (DELIVERED.to_owned(), 5));
    assert_eq!(send(&submission).await, (DELIVERED.to_owned(), 4));
    bed.finish();
}

/// EHLO alone where there is no message yet, with `Server` too.
#[tokio::test(start_paused = true)]
async fn a_session_in_clear() {
    let again = || early("", OFFERS, QUIT).lockstep();
    let bed = Bed::new([Script::new(&hello(OFFERS)).then(QUIT).lockstep(), again(), again()]);
    let submission = in_clear(&bed, &CapabilityCache::new());
    for round_trips in [3, 2, 2] {
        let begun = Instant::now();
        let connection = submission.connect().await.expect("a session");
        assert_eq!(begun.elapsed(), ROUND_TRIP * round_trips);
        connection.quit().await.expect("QUIT");
    }
    bed.finish();
}

/// With implicit TLS EHLO leaves after the handshake, and AUTH after the reply to it.
#[tokio::test(start_paused = true)]
async fn implicit_tls() {
    let rest = format!("{AUTH}S: 235 ok\n{QUIT}");
    let first = Script::new("-- tls --").then(&hello(OFFERS)).then(&rest).lockstep();
    let hello = tests::ehlo(OFFERS);
    let (ehlo, reply) = hello.split_once('\n').expect("EHLO, and the reply to it");
    // A server that takes its time: AUTH waits for it.
    let again = Script::new("-- tls --")
        .then(&format!("{ehlo}\n-- wait 3s --\nS: 220 hi\n-- wait 3s --\n{reply}{rest}"))
        .lockstep();
    let bed = Bed::new([first, again]);
    let submission = bed.submission.clone().implicit_tls();
    let submission = submission.capability_cache(&CapabilityCache::new());
    let submission = submission.auth_with(|| Plain::new("me", "pencil"));
    for seconds in [5, 4 + 6] {
        let begun = Instant::now();
        let connection = submission.connect().await.expect("a login");
        assert_eq!(begun.elapsed().as_secs(), seconds);
        connection.quit().await.expect("QUIT");
    }
    bed.finish();
}

/// Under STARTTLS nothing but EHLO leaves early, and inside TLS nothing at all.
#[tokio::test(start_paused = true)]
async fn starttls() {
    let inside = tests::ehlo(&["AUTH PLAIN", "PIPELINING", "PIPECONNECT"]);
    let rest = format!("C: STARTTLS\nS: 220 go\n-- tls --\n{inside}{AUTH}S: 235 ok\n{QUIT}");
    let first = Script::new(&hello(OFFERS)).then(&rest).lockstep();
    let bed = Bed::new([first, early("", OFFERS, &rest).lockstep()]);
    let submission = bed.submission.clone().capability_cache(&CapabilityCache::new());
    let submission = submission.auth_with(|| Plain::new("me", "pencil"));
    for round_trips in [7, 6] {
        let begun = Instant::now();
        let connection = submission.connect().await.expect("a login");
        assert_eq!(begun.elapsed(), ROUND_TRIP * round_trips);
        connection.quit().await.expect("QUIT");
    }
    bed.finish();
}

/// Both ways together: EHLO before the greeting, MAIL and RCPT with AUTH.
#[tokio::test(start_paused = true)]
async fn with_the_flight_of_auth() {
    let rest = format!("{AUTH}{COMMANDS}S: 235 ok\n{TAKEN}{MESSAGE}{QUIT}");
    let first = Script::new("-- tls --").then(&hello(OFFERS)).then(&rest).lockstep();
    let hello = tests::ehlo(OFFERS);
    let (ehlo, reply) = hello.split_once('\n').expect("EHLO, and the reply to it");
    let again = Script::new("-- tls --").then(&format!("{ehlo}\nS: 220 hi\n{reply}{rest}"));
    let bed = Bed::new([first, again.lockstep()]);
    let submission = bed.submission.clone().implicit_tls().transfer(Transfer::chunks());
    let submission = submission.capability_cache(&CapabilityCache::new()).pipeline_auth();
    let submission = submission.auth_with(|| Plain::new("me", "pencil"));
    for round_trips in [6, 5] {
        let begun = Instant::now();
        let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
        let (connection, result) = sent.expect("a session");
        assert_eq!(
            (result.fate(), begun.elapsed()),
            (DELIVERED.to_owned(), ROUND_TRIP * round_trips)
        );
        connection.quit().await.expect("QUIT");
    }
    bed.finish();
}

/// Nothing leaves early to a server that has not offered it, and none is remembered.
#[tokio::test(start_paused = true)]
async fn without_pipeconnect() {
    for without in ["PIPECONNECT", "PIPELINING"] {
        let offers: Vec<_> = OFFERS.iter().copied().filter(|offer| *offer != without).collect();
        let session = || Script::new(&hello(&offers)).then(QUIT).lockstep();
        let bed = Bed::new([session(), session()]);
        let cache = CapabilityCache::new();
        let submission = in_clear(&bed, &cache);
        for _ in 0..2 {
            submission.connect().await.expect("a session").quit().await.expect("QUIT");
        }
        assert!(cache.is_empty());
        bed.finish();
    }
    // As if it were not listed.
    let session = || Script::new(&hello(OFFERS)).then(QUIT).lockstep();
    let bed = Bed::new([session(), session()]);
    let submission = in_clear(&bed, &CapabilityCache::new()).ignore_capability("PIPECONNECT");
    for _ in 0..2 {
        submission.connect().await.expect("a session").quit().await.expect("QUIT");
    }
    bed.finish();
}

/// The servers, names and accounts of a cache are kept apart.
#[tokio::test(start_paused = true)]
async fn another_identity_begins_anew() {
    let offers = OFFERS;
    let ordinary = || Script::new(&hello(offers)).then(QUIT).lockstep();
    let tls = || Script::new("-- tls --").then(&hello(offers)).then(QUIT).lockstep();
    let login = || {
        let rest = format!("{AUTH}S: 235 ok\n{QUIT}");
        Script::new("-- tls --").then(&hello(offers)).then(&rest).lockstep()
    };
    let cache = CapabilityCache::new();
    let bed = Bed::new([ordinary(), ordinary(), ordinary(), tls(), login(), login()]);
    let clear = in_clear(&bed, &cache);
    for submission in [clear.clone(), clear.clone().port(2525)] {
        let (connected, round_trips) = timed(submission.connect()).await;
        connected.expect("a session").quit().await.expect("QUIT");
        assert_eq!(round_trips, 3);
    }
    let server = smtp::Server::new("other.example.test", 587).capability_cache(&cache);
    let server = server.connector(Arc::clone(&bed.network)).client_name(client_name());
    let (connected, round_trips) = timed(Connection::connect(&server)).await;
    connected.expect("a session").quit().await.expect("QUIT");
    assert_eq!(round_trips, 3);
    let implicit = bed.submission.clone().implicit_tls().port(587).capability_cache(&cache);
    let (connected, round_trips) = timed(implicit.connect()).await;
    connected.expect("TLS").quit().await.expect("QUIT");
    assert_eq!(round_trips, 4);
    for _ in 0..2 {
        let submission = implicit.clone().auth_with(|| Plain::new("me", "pencil"));
        let (connected, round_trips) = timed(submission.connect()).await;
        connected.expect("a login").quit().await.expect("QUIT");
        assert_eq!(round_trips, 5);
    }
    assert_eq!(cache.len(), 6);
    bed.finish();
}

/// A client that ignores a keyword does not go by what another one has seen.
#[tokio::test(start_paused = true)]
async fn ignored_keywords_begin_anew() {
    let without_size = COMMANDS.replace(" SIZE=3", "");
    let message = |commands: &str| format!("{commands}{TAKEN}{MESSAGE}{QUIT}");
    let plain = |commands: &str| Script::new(&hello(OFFERS)).then(&message(commands)).lockstep();
    let bed = Bed::new([
        ordinary(),
        plain(COMMANDS),
        plain(&without_size),
        early(&without_size, OFFERS, &format!("{TAKEN}{MESSAGE}{QUIT}")),
        ahead(),
    ]);
    let submission = in_clear(&bed, &CapabilityCache::new());
    send(&submission).await;
    send(&submission.clone().ignore_capability("PIPECONNECT")).await;
    for _ in 0..2 {
        send(&submission.clone().ignore_capability("size")).await;
    }
    send(&submission).await;
    bed.finish();
}

/// A server that refuses a session that began early, or ends it, gets another, once, and nothing
/// leaves early to it any more.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_take_it() {
    for end in [
        "-- close --",
        "-- reset --",
        "S: 421 no\n-- close --",
        "S: 554 SMTP synchronization error\n-- close --",
        "S: 220 hi\n-- close --",
        "S: 220 hi\nS: 503 wait\nC: QUIT\n-- close --",
        "S: 220 hi\nS: 250-mail\nS: 250 PIPELINING\n-- close --",
    ] {
        let refuses = format!("C: EHLO client.example.test\n{COMMANDS}{end}");
        let bed = Bed::new([ordinary(), Script::new(&refuses), ordinary(), ordinary()]);
        let submission = in_clear(&bed, &CapabilityCache::new());
        for _ in 0..3 {
            assert_eq!(send(&submission).await.0, DELIVERED, "{end}");
        }
        bed.finish();
    }
    // The same without a message.
    for end in ["-- close --", "S: 554 no\n-- close --", "S: 220 hi\nS: 503 wait\n-- close --"] {
        let refuses = format!("C: EHLO client.example.test\n{end}");
        let session = || Script::new(&hello(OFFERS)).then(QUIT).lockstep();
        let bed = Bed::new([session(), Script::new(&refuses), session(), session()]);
        let submission = in_clear(&bed, &CapabilityCache::new());
        for _ in 0..3 {
            submission.connect().await.expect("a session").quit().await.expect("QUIT");
        }
        bed.finish();
    }
}

/// A server that is gone for a while is not one that does not take it.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_for_a_while() {
    let gone = || Script::new("-- close --");
    let bed = Bed::new([ordinary(), gone(), gone(), ordinary(), ahead()]);
    let submission = in_clear(&bed, &CapabilityCache::new());
    assert_eq!(send(&submission).await.0, DELIVERED);
    let error = submission.connect_and_deliver(&envelope(), "x\r\n").await.expect_err("gone");
    assert!(matches!(error, DeliverError::NotSent(_)), "{error:?}");
    for round_trips in [5, 3] {
        assert_eq!(send(&submission).await, (DELIVERED.to_owned(), round_trips));
    }
    bed.finish();
}

/// A session that failed is not what the next one goes by: EHLO waits, until it was answered again.
#[tokio::test(start_paused = true)]
async fn a_session_that_failed() {
    let early_to = |end: &str| Script::new(&format!("C: EHLO client.example.test\n{end}"));
    let session = || Script::new(&hello(OFFERS)).then(QUIT).lockstep();
    let ends: [(&str, &[Script]); 2] = [
        ("silence", &[early_to("-- silence --")]),
        ("gone", &[early_to("-- close --"), Script::new("-- close --")]),
    ];
    for (end, failures) in ends {
        let again = early("", OFFERS, QUIT);
        let scripts = [&[session()], failures, &[session(), again]].concat();
        let bed = Bed::new(scripts);
        let submission = in_clear(&bed, &CapabilityCache::new());
        let connect = async || {
            let (connected, round_trips) = timed(submission.connect()).await;
            let connection = connected.ok()?;
            connection.quit().await.expect("QUIT");
            Some(round_trips)
        };
        let ended = [connect().await, connect().await, connect().await, connect().await];
        assert_eq!(ended, [Some(3), None, Some(3), Some(2)], "{end}");
        bed.finish();
    }
}

/// A domain whose servers are looked up is not the server of that name.
#[tokio::test(start_paused = true)]
async fn a_domain_begins_anew() {
    #[derive(Debug)]
    struct Records;

    impl ResolveSrv for Records {
        fn resolve_srv<'a>(
            &'a self,
            _: &'a str,
        ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
            Box::pin(async { Ok(SrvAnswer::new([SrvRecord::new("mx.example.net", 587)])) })
        }
    }

    let session = || Script::new(&hello(OFFERS)).then(QUIT).lockstep();
    let bed = Bed::new([ordinary(), ordinary(), session(), ordinary(), ahead()]);
    let cache = CapabilityCache::new();
    let host = in_clear(&bed, &cache);
    let domain = Submission::discover("mail.example.test", Records)
        .connector(Arc::clone(&bed.network))
        .client_name(client_name())
        .without_tls()
        .transfer(Transfer::chunks())
        .capability_cache(&cache);
    send(&host).await;
    send(&domain).await;
    domain.connect().await.expect("a session").quit().await.expect("QUIT");
    send(&domain).await;
    send(&host).await;
    assert_eq!(cache.len(), 1);
    bed.finish();
}

/// The credentials of a URL are as good as others.
#[tokio::test(start_paused = true)]
async fn the_credentials_of_another_url_begin_anew() {
    let rest = format!("{AUTH}S: 235 ok\n{QUIT}");
    let login = || Script::new("-- tls --").then(&hello(OFFERS)).then(&rest).lockstep();
    let bed = Bed::new([login(), login()]);
    let cache = CapabilityCache::new();
    for _ in 0..2 {
        let url = "smtps://me:pencil@mail.example.test?name=client.example.test&mechanism=PLAIN";
        let submission = bed.over(Submission::from_url(url).expect("a URL"));
        let submission = submission.capability_cache(&cache);
        let (connected, round_trips) = timed(submission.connect()).await;
        connected.expect("a login").quit().await.expect("QUIT");
        assert_eq!(round_trips, 5);
    }
    bed.finish();
}

/// A server does not know EHLO any more, and is asked with HELO: in the same session where nothing
/// followed EHLO.
#[tokio::test(start_paused = true)]
async fn a_server_that_has_forgotten_ehlo() {
    let helo = format!("C: HELO client.example.test\nS: 250 hi\n{QUIT}");
    let session = Script::new(&hello(OFFERS)).then(QUIT);
    let again = "C: EHLO client.example.test\nS: 220 hi\nS: 500 what\n";
    let bed = Bed::new([session, Script::new(&format!("{again}{helo}")).lockstep()]);
    let submission = in_clear(&bed, &CapabilityCache::new());
    for _ in 0..2 {
        submission.connect().await.expect("a session").quit().await.expect("QUIT");
    }
    bed.finish();
}

/// Bytes come one at a time, and slowly.
#[tokio::test(start_paused = true)]
async fn a_byte_at_a_time() {
    let slow = "S: 250 sender\n-- wait 2m --\nS: 250 a\n-- wait 2m --\nS: 250 b\n";
    let again = early(COMMANDS, OFFERS, &format!("{slow}{MESSAGE}{QUIT}"));
    let bed = Bed::new([ordinary(), again.fragmented(1).write_limit(1)]);
    let submission = in_clear(&bed, &CapabilityCache::new());
    for _ in 0..2 {
        assert_eq!(send(&submission).await.0, DELIVERED);
    }
    bed.finish();
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped() {
    for replies in ["", "S: 220 hi\n", "S: 220 hi\nS: 250-mail\nS: 250 PIPELINING\n"] {
        let again = format!("C: EHLO client.example.test\n{COMMANDS}{replies}-- silence --");
        let bed = Bed::new([ordinary(), Script::new(&again)]);
        let submission = in_clear(&bed, &CapabilityCache::new());
        assert_eq!(send(&submission).await.0, DELIVERED);
        let envelope = envelope();
        let sending = submission.connect_and_deliver(&envelope, "x\r\n");
        tokio::time::timeout(Duration::from_secs(30), sending).await.expect_err("it is dropped");
        assert!(bed.peers[1].is_closed(), "{replies}");
        assert!(bed.written(1).ends_with("RCPT TO:<b@example.org>\r\n"), "{replies}");
    }
}

/// The stream ends after each byte of the replies: before MAIL is answered the message goes over a
/// new connection, and after that the caller is told.
#[tokio::test(start_paused = true)]
async fn an_end_after_each_byte() {
    let offers: Vec<_> = OFFERS.iter().map(|offer| format!("250-{offer}\r\n")).collect();
    let offers = offers.concat();
    let mail = format!("220 hi\r\n250-mail\r\n{offers}250 HELP\r\n250 sender\r\n");
    let replies = format!("{mail}250 a\r\n250 b\r\n");
    for bytes in 0..replies.len() {
        let commands = format!("C: EHLO client.example.test\n{COMMANDS}");
        let again = Script::new(&commands).server_raw(&replies.as_bytes()[..bytes]);
        // The offers that are remembered are those of the next session.
        let with_help = [OFFERS, &["HELP"]].concat();
        let first =
            Script::new(&hello(&with_help)).then(&format!("{COMMANDS}{TAKEN}{MESSAGE}{QUIT}"));
        let bed = Bed::new([first, again.then("-- close --"), ordinary()]);
        let submission = in_clear(&bed, &CapabilityCache::new());
        assert_eq!(send(&submission).await.0, DELIVERED);
        let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
        if bytes < mail.len() {
            let (connection, result) = sent.unwrap_or_else(|error| panic!("{bytes}: {error}"));
            assert_eq!(result.fate(), DELIVERED, "{bytes}");
            connection.quit().await.expect("QUIT");
            bed.finish();
        } else {
            assert!(matches!(sent, Err(DeliverError::Lost(_))), "{bytes}");
            assert!(!bed.written(1).contains("BDAT"), "{bytes}");
        }
    }
}
