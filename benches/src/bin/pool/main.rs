//! The cost of a pool, beside that of a stream of messages over each connection.
//!
//! | mode | what it says |
//! |---|---|
//! | `count WAY METHOD CONNECTIONS CALLERS MESSAGES` | allocations for each message over warm connections; under callgrind, instructions |
//! | `rate METHOD one\|many MESSAGES ROUNDS [LOAD]` | messages per second over 8 connections, each way in turn, and the example `load` where its path is given |
//! | `delay METHOD CONNECTIONS TASKS EACH [LETTRE]` | round trips through a delay of 25 ms each way, and those of lettre's pool where the path of its client is given |
//! | `idle clear\|tls COUNT` | bytes that a pool of so many connections holds, before and after a message on each |
//!
//! WAY is `send`, from so many callers; `send_all`, from one; or `stream`, which is `deliver_all` over
//! each connection. METHOD is `data`, `chunks` or `eager`; the runtime has one thread, or many as
//! `load` has. Servers run in processes of their own.

mod delay;
mod idle;
mod rate;
mod ways;

use std::time::Duration;

use bench_common::message;
use benches::client::client_name;
use benches::counting::{self, Counting};
use benches::servers::Running;
use smtp::{Envelope, Server, Transfer};
use smtp_pool::{Rate, Settings};
use tokio::runtime::{Builder, Runtime};

use ways::{Load, Way};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of a message.
const SIZE: usize = 2048;

/// A server at this address; it lists CHUNKING and PIPELINING.
fn server(addr: std::net::SocketAddr, method: &str) -> Server {
    let server = Server::new(addr.ip().to_string(), addr.port()).client_name(client_name());
    server.transfer(match method {
        "data" => Transfer::data(),
        "chunks" => Transfer::chunks(),
        // As `load --eager`.
        "eager" => Transfer::eager().window(8, 16 << 20),
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

/// Allocations of the way over connections that were used before, without those of the envelopes.
async fn count(way: Way, method: &str, load: Load) {
    let sink = Running::start("sink", &[]);
    let mut sender = way.open(&server(sink.addr, method), load.connections).await;
    sender.send(Load { messages: 800, ..load }).await;
    let before = counting::calls();
    let of_caller = envelope();
    for _ in 0..load.messages {
        drop(std::hint::black_box(of_caller.clone()));
    }
    let made = counting::calls() - before;
    sender.send(load).await;
    let calls = counting::calls() - before - 2 * made;
    let each = calls as f64 / load.messages as f64;
    println!("{way}, {method}: {each:.2} allocations per message");
    sender.close().await;
}

fn runtime(threads: &str) -> Runtime {
    let runtime = match threads {
        "one" => Builder::new_current_thread().enable_all().build(),
        "many" => Builder::new_multi_thread().enable_all().build(),
        other => panic!("{other} is none of one, many"),
    };
    runtime.expect("a runtime")
}

fn main() {
    bench_common::end_with_the_first_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number");
    let load = |connections, callers, messages| Load {
        connections: number(connections),
        callers: number(callers),
        messages: number(messages),
        body: message("typical", SIZE),
    };
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["count", way, method, connections, callers, messages] => {
            let load = load(connections, callers, messages);
            runtime("one").block_on(count(Way::named(way), method, load));
        }
        ["rate", method, threads, messages, rounds, program @ ..] => {
            rate::compare(method, threads, messages, number(rounds), program.first().copied());
        }
        ["once", addr, way, method, threads, connections, callers, messages] => {
            let server = server(addr.parse().expect("an address"), method);
            let load = load(connections, callers, messages);
            runtime(threads).block_on(rate::once(Way::named(way), &server, load));
        }
        ["delay", method, connections, tasks, each, lettre @ ..] => {
            let load = load(connections, tasks, each);
            let load = Load { messages: load.callers * load.messages, ..load };
            runtime("one").block_on(delay::measure(method, load, lettre.first().copied()));
        }
        ["idle", security, connections] => {
            let body = message("typical", SIZE);
            runtime("one").block_on(idle::measure(security, number(connections), body));
        }
        _ => panic!("the arguments stand in the head of benches/src/bin/pool/main.rs"),
    }
}
