//! Tests of the program: it runs as it is, and each wrong use gives an error of one sentence.

use std::time::Duration;

use smtp::testing::CaptureServer;

use crate::args::Options;
use crate::progress::line;
use crate::report::{Report, percentile};
use crate::session::open_all;
use crate::{Result, run, send};

fn options(arguments: &str) -> Result<Options> {
    let arguments = lexopt::Parser::from_args(arguments.split_whitespace());
    Options::parse(arguments).map(|options| options.expect("no --help"))
}

async fn report(arguments: &str) -> Report {
    run(options(arguments).expect("arguments")).await.expect("a run")
}

/// The number after a key of a flat JSON object.
fn number(json: &str, key: &str) -> f64 {
    let value = json.split_once(&format!("\"{key}\":")).expect(key).1;
    let value = value.split([',', '}']).next().expect("a value");
    value.parse().unwrap_or_else(|_| panic!("{key} is {value}"))
}

#[tokio::test]
async fn it_runs_as_it_is_in_each_security() {
    for tls in ["starttls", "implicit", "none"] {
        let report = report(&format!("--messages 20 --rcpts 3 --size 1000 --tls {tls}")).await;
        let json = report.json();
        assert!(json.starts_with('{') && json.ends_with('}') && !json.contains('\n'), "{json}");
        assert!(json.contains(&format!("\"tls\":\"{tls}\"")), "{json}");
        for (key, expected) in
            [("messages", 20.0), ("taken", 20.0), ("refused", 0.0), ("size", 1000.0)]
        {
            assert!((number(&json, key) - expected).abs() < 0.1, "{key}: {json}");
        }
        assert!(number(&json, "latency_p50_ms") <= number(&json, "latency_p99_ms"), "{json}");
        // One for the commands before the first message, one for each message; the greeting and
        // EHLO, and where TLS begins later STARTTLS and EHLO again.
        let set_up = if tls == "starttls" { 4.0 } else { 2.0 };
        for (key, expected) in [("round_trips", 21.0), ("setup_round_trips", set_up)] {
            assert!((number(&json, key) - expected).abs() < 0.1, "{key}: {json}");
        }
        report.verdict().expect("all were taken");
        assert!(report.to_string().starts_with("20 of 20 messages taken: size 1000"), "{report}");
    }
}

#[tokio::test]
async fn connections_share_the_messages() {
    let server = CaptureServer::builder().plaintext().start().await.expect("a server");
    let address = format!("--addr {} --tls none", server.address());
    let report = report(&format!("{address} --connections 4 --messages 100 --rcpts 2")).await;
    report.verdict().expect("all were taken");
    let messages = server.messages();
    assert_eq!(messages.len(), 100);
    assert!(messages.iter().all(|mail| mail.content.len() == 2048));
    assert_eq!(messages[0].recipients, ["1rcpt@example.net", "2rcpt@example.net"]);
}

#[tokio::test]
async fn large_messages_are_seen_to_leave() {
    let options = options("--messages 2 --size 1500000 --tls none").expect("arguments");
    let job = crate::message::job(&options).expect("a job");
    let server = CaptureServer::builder().plaintext().start().await.expect("a server");
    let address = Some((server.host().to_owned(), server.port()));
    let sessions = open_all(&Options { address, ..options }).await.expect("a session");
    send::all(&job, sessions).await.expect("sent");
    assert_eq!(job.bytes(), (3_000_000, 3_000_000));
    assert_eq!(job.done(), 2);
}

#[tokio::test]
async fn without_pipelining_each_command_is_a_round_trip() {
    let report = report("--messages 10 --rcpts 2 --no-pipelining").await;
    // MAIL, RCPT, RCPT, DATA, the message.
    let each = number(&report.json(), "round_trips_per_message");
    assert!((each - 5.0).abs() < 0.01, "{each}");
}

#[tokio::test]
async fn refused_mail_is_reported() {
    let builder = CaptureServer::builder().plaintext();
    let builder = builder.refuse_recipient("2rcpt@example.net", "550 5.1.1 nobody");
    let server = builder.refuse_recipient("rcpt@example.net", "450 4.2.1 busy").start().await;
    let server = server.expect("a server");
    let address = format!("--addr {} --tls none --messages 5", server.address());

    let error = report(&address).await.verdict().expect_err("all were refused").to_string();
    assert!(error.starts_with("5 of 5 messages were refused, the first with: "), "{error}");
    assert!(error.contains("busy") && !error.contains('\n'), "{error}");

    let error = report(&format!("{address} --rcpts 2")).await.verdict();
    let error = error.expect_err("one of two was refused").to_string();
    assert!(error.starts_with("5 of 10 recipients were refused"), "{error}");
    assert!(error.contains("<2rcpt@example.net>") && error.contains("nobody"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let options = options(&format!("--addr {address} --tls none")).expect("arguments");
    let error = run(options).await.expect_err("nobody listens").to_string();
    assert!(error.starts_with("cannot connect to 127.0.0.1 port "), "{error}");
}

#[test]
fn wrong_arguments_are_told_in_a_sentence() {
    let table = [
        ("--messages none", "--messages takes a number from 1 on, not \"none\""),
        ("--rcpts 0", "--rcpts takes a number from 1 on"),
        ("--addr localhost", "--addr is HOST:PORT"),
        ("--addr :25", "--addr is HOST:PORT"),
        ("--tls maybe", "--tls is starttls, implicit or none, not \"maybe\""),
        ("--ca there-is-no-such-file", "cannot read there-is-no-such-file"),
        ("--user me --tls none", "a password needs TLS"),
        ("--user me --insecure", "a password needs a server that is verified"),
        ("--size 5 --file x", "leave one out"),
        ("--window 3", "with --eager"),
        ("--nonsense", "invalid option '--nonsense'; --help lists them"),
        ("--size", "missing argument for option '--size'"),
    ];
    for (arguments, says) in table {
        let error = options(arguments).expect_err(arguments).to_string();
        assert!(error.contains(says), "{arguments}: {error}");
    }
}

#[test]
fn addresses_may_be_literals() {
    let address = |text: &str| options(&format!("--addr {text}")).expect(text).address;
    assert_eq!(address("[::1]:25"), Some(("::1".to_owned(), 25)));
    assert_eq!(address("mail.example.com:587"), Some(("mail.example.com".to_owned(), 587)));
}

#[test]
fn percentiles_are_by_the_nearest_rank() {
    let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
    for (percent, expected) in [(50, 100), (99, 198), (100, 200), (0, 1)] {
        assert_eq!(percentile(&sorted, percent), Duration::from_millis(expected));
    }
    assert_eq!(percentile(&[], 50), Duration::ZERO);
    assert_eq!(percentile(&sorted[..1], 99), Duration::from_millis(1));
}

#[test]
fn the_bar_shows_rate_and_time_left() {
    let half = line(500, 1000, (500_000, 1_000_000), Duration::from_secs(90));
    assert!(half.starts_with("[===============               ] 500/1000  6 messages/s"), "{half}");
    assert!(half.ends_with("0.0 MB/s  1:30 left"), "{half}");
    let begin = line(0, 10, (0, 1000), Duration::ZERO);
    assert!(begin.ends_with("? left"), "{begin}");
    let end = line(10, 10, (1000, 1000), Duration::from_secs(1));
    assert!(end.ends_with("0 s left") && end.contains(&"=".repeat(30)), "{end}");
}
