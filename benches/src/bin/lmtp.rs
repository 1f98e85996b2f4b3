//! The cost of a reply for each recipient: `lmtp rtt|send PROTOCOL MESSAGES`.
//!
//! | mode | what it says |
//! |---|---|
//! | `rtt` | round trips for each message of a stream, through a delay of 100 ms each way |
//! | `send` | allocations for each message of a stream; under callgrind, instructions |
//!
//! PROTOCOL is `smtp` or `lmtp`; a message has 2 KiB and a hundred recipients. Servers run in
//! processes of their own.

use std::net::SocketAddr;
use std::time::Instant;

use bench_common::message;
use benches::counting::{self, Counting};
use benches::servers::Running;
use smtp::grammar::Domain;
use smtp::state::Idle;
use smtp::{Connection, Envelope, Server};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RECIPIENTS: usize = 100;
/// Bytes of a message.
const SIZE: usize = 2048;
/// Seconds there and back.
const ROUND_TRIP: f64 = 0.2;

/// Round trips of so many messages, and of those that follow them.
async fn rtt<H: Idle>(mut mail: Connection<H>, messages: usize, body: &[u8]) {
    send(&mut mail, 2, body).await;
    let mut seconds = [0.0; 2];
    for (seconds, count) in seconds.iter_mut().zip([messages, 2 * messages]) {
        let began = Instant::now();
        send(&mut mail, count, body).await;
        *seconds = began.elapsed().as_secs_f64();
    }
    let trips = |seconds: f64| seconds / ROUND_TRIP / messages as f64;
    let (alone, more) = (trips(seconds[0]), trips(seconds[1] - seconds[0]));
    println!("{alone:.3} round trips per message, {more:.3} for each further one");
}

async fn count<H: Idle>(mut mail: Connection<H>, messages: usize, body: &[u8]) {
    send(&mut mail, 10, body).await;
    let before = counting::calls();
    send(&mut mail, messages, body).await;
    let calls = (counting::calls() - before) as f64 / messages as f64;
    println!("{calls:.2} allocations per message");
}

/// Sends a stream of so many messages.
async fn send<H: Idle>(mail: &mut Connection<H>, messages: usize, body: &[u8]) {
    let recipients = (0..RECIPIENTS).map(|number| format!("rcpt{number:02}@example.net"));
    let envelope = Envelope::new("sender@example.org", recipients).expect("addresses");
    let stream = (0..messages).map(|_| (&envelope, body));
    let run = mail.deliver_all(stream, |_, result| {
        assert!(result.expect("a receipt").is_complete());
    });
    run.await.expect("the connection stays");
}

fn server(addr: SocketAddr) -> Server {
    let name: Domain = "client.example".parse().expect("a domain");
    Server::new(addr.ip().to_string(), addr.port()).client_name(name)
}

fn main() {
    bench_common::end_with_the_first_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, protocol, messages] = &arguments[..] else {
        panic!("lmtp rtt|send smtp|lmtp MESSAGES");
    };
    let messages = messages.parse().expect("a number");
    let body = message("typical", SIZE);
    let sink = Running::start("sink", &[]);
    let proxy = (mode == "rtt").then(|| {
        let to = sink.addr.to_string();
        Running::start("latency-proxy", &["--to", &to, "--delay-ms", "100"])
    });
    let server = server(proxy.as_ref().map_or(sink.addr, |proxy| proxy.addr));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        match (mode.as_str(), protocol.as_str()) {
            ("rtt", "smtp") => {
                rtt(Connection::connect(&server).await.expect("EHLO"), messages, body).await
            }
            ("rtt", "lmtp") => {
                rtt(Connection::connect_lmtp(&server).await.expect("LHLO"), messages, body).await
            }
            ("send", "smtp") => {
                count(Connection::connect(&server).await.expect("EHLO"), messages, body).await
            }
            ("send", "lmtp") => {
                count(Connection::connect_lmtp(&server).await.expect("LHLO"), messages, body).await
            }
            _ => panic!("lmtp rtt|send smtp|lmtp MESSAGES"),
        }
    });
}
