//! The cost of a shared connection: `feed rtt|send METHOD MESSAGES`, `feed made MESSAGES` or
//! `feed idle COUNT`.
//!
//! | mode | what it says |
//! |---|---|
//! | `rtt` | round trips for each message of 8 producers, through a delay of 25 ms each way |
//! | `send` | allocations for each message of 8 producers; under callgrind, instructions |
//! | `made` | the same without sending: what the envelopes cost their callers |
//! | `idle` | bytes that each of so many idle feeds holds, before and after a message |
//!
//! METHOD is `data`, `chunks` or `eager`. Servers run in processes of their own.

use std::time::Instant;

use bench_common::message;
use benches::counting::{self, Counting};
use benches::servers::Running;
use bytes::Bytes;
use smtp::connection::{Feed, Feeding};
use smtp::grammar::Domain;
use smtp::state::Greeted;
use smtp::{Connection, Envelope, Lost, Server, Transfer};
use tokio::task::{JoinHandle, spawn};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PRODUCERS: usize = 8;
/// Bytes of a message.
const SIZE: usize = 2048;
/// Seconds there and back.
const ROUND_TRIP: f64 = 0.05;

type Run = JoinHandle<Result<Connection<Greeted>, Lost>>;

fn server(addr: std::net::SocketAddr, method: &str) -> Server {
    let name: Domain = "client.example".parse().expect("a domain");
    Server::new(addr.ip().to_string(), addr.port()).client_name(name).transfer(match method {
        "data" => Transfer::data(),
        "chunks" => Transfer::chunks(),
        "eager" => Transfer::eager(),
        other => panic!("{other} is none of data, chunks, eager"),
    })
}

async fn open(server: &Server) -> (Feed, Feeding<Greeted>) {
    Connection::connect(server).await.expect("EHLO").feed()
}

fn envelope() -> Envelope {
    Envelope::new("sender@example.org", ["rcpt@example.net"]).expect("addresses")
}

/// Sends so many messages, each producer its part one after the other. The envelopes are clones:
/// made beforehand, they would leave holes that cost the allocator more than all else.
async fn send(feed: &Feed, messages: usize, body: &'static [u8]) {
    let envelope = envelope();
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|_| {
            let envelope = envelope.clone();
            let feed = feed.clone();
            spawn(async move {
                for _ in 0..messages / PRODUCERS {
                    let receipt = feed.deliver(envelope.clone(), Bytes::from_static(body)).await;
                    assert!(receipt.expect("a receipt").is_complete());
                }
            })
        })
        .collect();
    for producer in producers {
        producer.await.expect("a producer");
    }
}

/// The cost of the envelopes of so many messages.
fn made(messages: usize) {
    let envelope = envelope();
    for _ in 0..messages {
        drop(std::hint::black_box(envelope.clone()));
    }
}

async fn close(feed: Feed, run: Run) {
    drop(feed);
    run.await.expect("a task").expect("a connection").quit().await.expect("QUIT");
}

async fn rtt(method: &str, messages: usize, body: &'static [u8]) {
    let sink = Running::start("sink", &[]);
    let to = sink.addr.to_string();
    let proxy = Running::start("latency-proxy", &["--to", &to, "--delay-ms", "25"]);
    let (feed, feeding) = open(&server(proxy.addr, method)).await;
    let run = spawn(feeding);
    // The first messages find out what the server can do.
    send(&feed, PRODUCERS, body).await;
    let mut seconds = [0.0; 2];
    for (seconds, count) in seconds.iter_mut().zip([messages, 2 * messages]) {
        let began = Instant::now();
        send(&feed, count, body).await;
        *seconds = began.elapsed().as_secs_f64();
    }
    let trips = |seconds: f64| seconds / ROUND_TRIP / messages as f64;
    let (alone, more) = (trips(seconds[0]), trips(seconds[1] - seconds[0]));
    println!("{method}: {alone:.3} round trips per message, {more:.3} for each further one");
    close(feed, run).await;
}

async fn count(method: &str, messages: usize, body: &'static [u8]) {
    let sink = Running::start("sink", &[]);
    let (feed, feeding) = open(&server(sink.addr, method)).await;
    let run = spawn(feeding);
    send(&feed, 100 * PRODUCERS, body).await;
    let before = counting::calls();
    made(messages);
    let made = counting::calls() - before;
    send(&feed, messages, body).await;
    let calls = counting::calls() - before - 2 * made;
    println!("{method}: {:.2} allocations per message", calls as f64 / messages as f64);
    close(feed, run).await;
}

async fn idle(count: usize, body: &'static [u8]) {
    let sink = Running::start("sink", &[]);
    let server = server(sink.addr, "data");
    // The runtime's own tables, and what the first connection learns of the machine.
    let _first = open(&server).await;
    let mut feeds = Vec::with_capacity(count);
    let mut runs = Vec::with_capacity(count);
    let (live, resident) = (counting::live(), bench_common::rss());
    for _ in 0..count {
        let (feed, feeding) = open(&server).await;
        feeds.push(feed);
        runs.push(spawn(feeding));
    }
    tokio::task::yield_now().await;
    let say = |when| {
        let each = |now: usize, before: usize| (now - before) as f64 / count as f64;
        let (live, resident) =
            (each(counting::live(), live), each(bench_common::rss() as usize, resident as usize));
        println!("{when}: {live:.0} bytes allocated, {resident:.0} resident per feed");
    };
    say("after EHLO");
    for feed in &feeds {
        let receipt = feed.deliver(envelope(), Bytes::from_static(body)).await;
        assert!(receipt.expect("a receipt").is_complete());
    }
    say("after one message");
}

fn main() {
    bench_common::end_with_the_first_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let body = message("typical", SIZE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let number = |text: &str| text.parse::<usize>().expect("a number");
        match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["rtt", method, messages] => rtt(method, number(messages), body).await,
            ["send", method, messages] => count(method, number(messages), body).await,
            ["made", messages] => made(number(messages)),
            ["idle", feeds] => idle(number(feeds), body).await,
            _ => panic!("feed rtt|send METHOD MESSAGES, feed made MESSAGES or feed idle COUNT"),
        }
    });
}
