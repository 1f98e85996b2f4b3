//! The cost of calls that block, beside those that are awaited: `blocking CALLS CLIENT MESSAGES`.
//!
//! | calls | messages go by |
//! |---|---|
//! | `deliver` | a call for each |
//! | `deliver_all` | one call for all |
//! | `feed` | a feed of one caller, a call for each |
//! | `window` | a feed of one caller, who waits for a message after eight more were submitted |
//!
//! CLIENT is `async`, on a runtime of one thread that is entered once, or `blocking`. Under callgrind
//! the runs of 2000 and of 1000 messages differ by the instructions of 1000. The server runs in a
//! process of its own.

use std::collections::VecDeque;

use bench_common::message;
use benches::servers::Running;
use bytes::Bytes;
use smtp::grammar::Domain;
use smtp::{Connection, Envelope, Server, Transfer, blocking};

/// Bytes of a message.
const SIZE: usize = 2048;
/// Messages that were submitted and not waited for.
const WINDOW: usize = 8;

fn envelope() -> Envelope {
    Envelope::new("sender@example.org", ["rcpt@example.net"]).expect("addresses")
}

async fn awaited(server: &Server, calls: &str, messages: usize, body: &'static [u8]) {
    let envelope = envelope();
    let mut connection = Connection::connect(server).await.expect("EHLO");
    match calls {
        "deliver" => {
            for _ in 0..messages {
                let receipt = connection.deliver(&envelope, Bytes::from_static(body)).await;
                assert!(receipt.expect("a receipt").is_complete());
            }
        }
        "deliver_all" => {
            let list = (0..messages).map(|_| (&envelope, Bytes::from_static(body)));
            let run = connection.deliver_all(list, |_, receipt| {
                assert!(receipt.expect("a receipt").is_complete());
            });
            run.await.expect("a connection");
        }
        "feed" => {
            let (feed, feeding) = connection.feed();
            let feeding = tokio::spawn(feeding);
            for _ in 0..messages {
                let receipt = feed.deliver(envelope.clone(), Bytes::from_static(body)).await;
                assert!(receipt.expect("a receipt").is_complete());
            }
            drop(feed);
            connection = feeding.await.expect("a task").expect("a connection");
        }
        "window" => {
            let (feed, feeding) = connection.feed();
            let feeding = tokio::spawn(feeding);
            let mut waiting = VecDeque::new();
            for _ in 0..messages {
                waiting.push_back(feed.submit(envelope.clone(), Bytes::from_static(body)).await);
                if waiting.len() > WINDOW
                    && let Some(first) = waiting.pop_front()
                {
                    assert!(first.await.expect("a receipt").is_complete());
                }
            }
            for delivery in waiting {
                assert!(delivery.await.expect("a receipt").is_complete());
            }
            drop(feed);
            connection = feeding.await.expect("a task").expect("a connection");
        }
        other => panic!("{other} is none of deliver, deliver_all, feed, window"),
    }
    connection.quit().await.expect("QUIT");
}

fn blocked(server: &Server, calls: &str, messages: usize, body: &'static [u8]) {
    let envelope = envelope();
    let mut connection = blocking::Connection::connect(server).expect("EHLO");
    match calls {
        "deliver" => {
            for _ in 0..messages {
                let receipt = connection.deliver(&envelope, Bytes::from_static(body));
                assert!(receipt.expect("a receipt").is_complete());
            }
        }
        "deliver_all" => {
            let list = (0..messages).map(|_| (&envelope, Bytes::from_static(body)));
            let run = connection.deliver_all(list, |_, receipt| {
                assert!(receipt.expect("a receipt").is_complete());
            });
            run.expect("a connection");
        }
        "feed" => {
            let (feed, feeding) = connection.feed();
            for _ in 0..messages {
                let receipt = feed.deliver(envelope.clone(), Bytes::from_static(body));
                assert!(receipt.expect("a receipt").is_complete());
            }
            drop(feed);
            connection = feeding.wait().expect("a connection");
        }
        "window" => {
            let (feed, feeding) = connection.feed();
            let mut waiting = VecDeque::new();
            for _ in 0..messages {
                waiting.push_back(feed.submit(envelope.clone(), Bytes::from_static(body)));
                if waiting.len() > WINDOW
                    && let Some(first) = waiting.pop_front()
                {
                    assert!(first.wait().expect("a receipt").is_complete());
                }
            }
            for delivery in waiting {
                assert!(delivery.wait().expect("a receipt").is_complete());
            }
            drop(feed);
            connection = feeding.wait().expect("a connection");
        }
        other => panic!("{other} is none of deliver, deliver_all, feed, window"),
    }
    connection.quit().expect("QUIT");
}

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().expect("blocking CALLS CLIENT MESSAGES");
    let (calls, client, messages) = (next(), next(), next().parse().expect("a number"));
    bench_common::end_with_the_first_panic();
    let body = message("typical", SIZE);
    let sink = Running::start("sink", &[]);
    let name: Domain = "client.example".parse().expect("a domain");
    let server = Server::new(sink.addr.ip().to_string(), sink.addr.port())
        .client_name(name)
        .transfer(Transfer::data());
    match &*client {
        "async" => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(awaited(&server, &calls, messages, body)),
        "blocking" => blocked(&server, &calls, messages, body),
        other => panic!("{other} is neither async nor blocking"),
    }
}
