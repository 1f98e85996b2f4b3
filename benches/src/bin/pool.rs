//! The cost of a pool: `pool send METHOD CONNECTIONS CALLERS MESSAGES`, `pool rate METHOD MESSAGES
//! ROUNDS` or `pool idle clear|tls COUNT`.
//!
//! | mode | what it says |
//! |---|---|
//! | `send` | allocations for each message over warm connections; under callgrind, instructions |
//! | `rate` | messages per second over 8 connections, beside `deliver_all` over 8 connections |
//! | `idle` | bytes that a pool with so many connections holds, before and after a message on each |
//!
//! METHOD is `data`, `chunks` or `eager`. Servers run in processes of their own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bench_common::message;
use benches::client::{client_name, tls};
use benches::counting::{self, Counting};
use benches::servers::Running;
use bytes::Bytes;
use smtp::connection::Stopped;
use smtp::state::{Greeted, Idle};
use smtp::{Connection, Envelope, Server, Transfer};
use smtp_pool::{Pool, Rate, Session, Settings};
use tokio::task::spawn;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of a message.
const SIZE: usize = 2048;
/// Connections of `rate`, and how many callers share each.
const CONNECTIONS: usize = 8;
const CALLERS: usize = 16;

fn server(addr: SocketAddr, method: &str) -> Server {
    let server = Server::new(addr.ip().to_string(), addr.port()).client_name(client_name());
    server.transfer(match method {
        "data" => Transfer::data(),
        "chunks" => Transfer::chunks(),
        "eager" => Transfer::eager(),
        other => panic!("{other} is none of data, chunks, eager"),
    })
}

/// So many connections that are kept open. They are opened one after the other: a thousand at once
/// would be more than the queue of a listening socket takes.
fn settings(connections: usize) -> Settings {
    let long = Duration::from_secs(60 * 60);
    let settings = Settings::new().connections(connections).warm(connections).wait(long).idle(long);
    settings.connection_rate(Rate::new(1000, Duration::from_secs(1)))
}

fn envelope() -> Envelope {
    Envelope::new("sender@example.org", ["rcpt@example.net"]).expect("addresses")
}

/// Sends so many messages, each caller its part one after the other.
async fn send<C: Session>(pool: &Pool<C>, callers: usize, messages: usize, body: &'static [u8]) {
    let envelope = envelope();
    let callers: Vec<_> = (0..callers)
        .map(|index| {
            let (pool, envelope) = (pool.clone(), envelope.clone());
            let share = messages / callers + usize::from(index < messages % callers);
            spawn(async move {
                for _ in 0..share {
                    let receipt = pool.send(envelope.clone(), Bytes::from_static(body)).await;
                    assert!(receipt.expect("a receipt").is_complete());
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller");
    }
}

async fn warm(server: Server, connections: usize) -> Pool<Connection<Greeted>> {
    let pool = Pool::with_settings(server, settings(connections));
    pool.warm_up().await;
    assert_eq!(pool.connections().len(), connections);
    pool
}

async fn count(
    method: &str,
    (connections, callers): (usize, usize),
    messages: usize,
    body: &'static [u8],
) {
    let sink = Running::start("sink", &[]);
    let pool = warm(server(sink.addr, method), connections).await;
    send(&pool, callers, 800, body).await;
    let before = counting::calls();
    let of_caller = envelope();
    for _ in 0..messages {
        drop(std::hint::black_box(of_caller.clone()));
    }
    let made = counting::calls() - before;
    send(&pool, callers, messages, body).await;
    let calls = counting::calls() - before - 2 * made;
    println!("{method}: {:.2} allocations per message", calls as f64 / messages as f64);
    pool.close(Duration::from_secs(10)).await;
}

/// One connection's part of the messages, as a stream.
async fn stream<H: Idle>(
    mut connection: Connection<H>,
    envelope: Envelope,
    count: usize,
    body: &'static [u8],
) -> Connection<H> {
    let messages = (0..count).map(|_| (&envelope, Bytes::from_static(body)));
    let delivered = connection.deliver_all(messages, |_, receipt| {
        assert!(receipt.expect("a receipt").is_complete());
    });
    assert_eq!(delivered.await.expect("a session"), Stopped::Exhausted);
    connection
}

async fn rate(method: &str, messages: usize, rounds: usize, body: &'static [u8]) {
    let sink = Running::start("sink", &[]);
    let server = server(sink.addr, method);
    let pool = warm(server.clone(), CONNECTIONS).await;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::connect(&server).await.expect("EHLO"));
    }
    let mut ratios = Vec::new();
    for round in 0..=rounds {
        let began = Instant::now();
        send(&pool, CONNECTIONS * CALLERS, messages, body).await;
        let pooled = messages as f64 / began.elapsed().as_secs_f64();
        let began = Instant::now();
        let share = messages / CONNECTIONS;
        let streams: Vec<_> = connections
            .drain(..)
            .map(|connection| spawn(stream(connection, envelope(), share, body)))
            .collect();
        for stream in streams {
            connections.push(stream.await.expect("a stream"));
        }
        let streamed = messages as f64 / began.elapsed().as_secs_f64();
        // The first round warms both up.
        if round > 0 {
            println!("{method}: pool {pooled:.0}/s, deliver_all {streamed:.0}/s");
            ratios.push(pooled / streamed);
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!("{method}: {:.3} of deliver_all (median)", ratios[ratios.len() / 2]);
    pool.close(Duration::from_secs(10)).await;
}

async fn idle(security: &str, count: usize, body: &'static [u8]) {
    let sink = Running::start("sink", &["--tls"]);
    let server = server(sink.addr, "data");
    match security {
        "clear" => hold(Pool::with_settings(server, settings(count)), count, body).await,
        "tls" => {
            let tls = tls();
            let opener = move || {
                let (server, tls) = (server.clone(), tls.clone());
                async move { Ok(Connection::connect(&server).await?.starttls(&tls).await?) }
            };
            hold(Pool::with_settings(opener, settings(count)), count, body).await;
        }
        other => panic!("{other} is none of clear, tls"),
    }
}

async fn hold<C: Session>(pool: Pool<C>, count: usize, body: &'static [u8]) {
    let (live, resident) = (counting::live(), bench_common::rss());
    pool.warm_up().await;
    assert_eq!(pool.connections().len(), count);
    let say = |when| {
        let (live, resident) = (counting::live() - live, bench_common::rss() - resident);
        let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let (live, resident) = (mebibytes(live), mebibytes(resident as usize));
        println!("{when}: {live:.2} MiB allocated, {resident:.2} MiB resident");
    };
    tokio::task::yield_now().await;
    say("after EHLO");
    // At once, so that each connection gets one.
    send(&pool, count, count, body).await;
    say("after messages");
}

fn main() {
    bench_common::end_with_the_first_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let body = message("typical", SIZE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let number = |text: &str| text.parse::<usize>().expect("a number");
        match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["send", method, connections, callers, messages] => {
                let sizes = (number(connections), number(callers));
                count(method, sizes, number(messages), body).await;
            }
            ["rate", method, messages, rounds] => {
                rate(method, number(messages), number(rounds), body).await;
            }
            ["idle", security, connections] => idle(security, number(connections), body).await,
            _ => panic!(
                "pool send METHOD CONNECTIONS CALLERS MESSAGES, pool rate METHOD MESSAGES ROUNDS \
                 or pool idle clear|tls CONNECTIONS"
            ),
        }
    });
}
