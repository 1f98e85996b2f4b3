//! A feed whose threads take turns at the connection.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use smtp::blocking::{AnyConnection, Feed, Feeding};
use smtp::error::Fault;
use smtp::state::Greeted;
use smtp::{Body, DeliverError};

use super::{Capture, HELLO, Lines, envelope, greeted};

fn fed() -> (Capture, Feed, Feeding<Greeted>) {
    let (capture, server) = Capture::in_clear();
    let (feed, feeding) = greeted(&server).feed();
    (capture, feed, feeding)
}

fn is_shared<T: Clone + Send + Sync>(_: &T) {}

/// The same of a connection whose state is known at run time.
#[test]
fn a_feed_of_any_state() {
    let (_capture, server) = Capture::in_clear();
    let (feed, feeding) = AnyConnection::from(greeted(&server)).feed();
    feed.deliver(envelope(), "x").expect("delivered");
    drop(feed);
    let connection = feeding.wait().expect("a connection");
    assert!(matches!(&connection, AnyConnection::Greeted(_)), "{connection:?}");
    assert_eq!(connection.transactions(), 1);
    connection.quit().expect("QUIT");
}

#[test]
fn eight_threads_share_a_connection() {
    const THREADS: usize = 8;
    const EACH: usize = 100;
    let (capture, feed, feeding) = fed();
    is_shared(&feed);
    let start = Arc::new(Barrier::new(THREADS));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (feed, start) = (feed.clone(), Arc::clone(&start));
            scope.spawn(move || {
                start.wait();
                // Some leave long before others.
                for index in 0..EACH * (number + 1) / THREADS {
                    let body = format!("{number} {index}\r\n");
                    let receipt = feed.deliver(envelope(), body).expect("delivered");
                    assert!(receipt.is_complete());
                }
            });
        }
    });
    drop(feed);
    let connection = feeding.wait().expect("a connection");
    let all: usize = (1..=THREADS).map(|number| EACH * number / THREADS).sum();
    assert_eq!(connection.transactions(), all as u64);
    connection.quit().expect("QUIT");
    // Of each thread in its order.
    let mut next: HashMap<String, usize> = HashMap::new();
    let contents = capture.contents();
    assert_eq!(contents.len(), all);
    for content in contents {
        let text = String::from_utf8(content).expect("text");
        let (number, index) = text.trim_end().split_once(' ').expect("two numbers");
        let expected = next.entry(number.to_owned()).or_default();
        assert_eq!(index, expected.to_string(), "of thread {number}");
        *expected += 1;
    }
}

/// Each of the threads that wait gets its answer when the server closes, whichever of them runs the
/// connection just then.
#[test]
fn a_server_that_closes_answers_every_thread() {
    const MESSAGE: [(&str, &str); 4] = [
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go\r\n"),
        (".", "250 ok\r\n"),
    ];
    const STEPS: [(&str, &str); 12] = [
        ("", "220 mail.example.test\r\n"),
        ("EHLO", "250 mail.example.test\r\n"),
        MESSAGE[0],
        MESSAGE[1],
        MESSAGE[2],
        MESSAGE[3],
        MESSAGE[0],
        MESSAGE[1],
        MESSAGE[2],
        MESSAGE[3],
        MESSAGE[0],
        MESSAGE[1],
    ];
    for _ in 0..20 {
        let lines = Lines::start(&STEPS);
        let (feed, feeding) = greeted(&lines.server).feed();
        let start = Barrier::new(8);
        let results: Vec<_> = thread::scope(|scope| {
            let (feed, start) = (&feed, &start);
            let thread = |_| {
                scope.spawn(move || {
                    start.wait();
                    feed.deliver(envelope(), "x\r\n")
                })
            };
            let threads: Vec<_> = (0..8).map(thread).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        drop(feed);
        let lost = |result: &&Result<_, DeliverError>| matches!(result, Err(DeliverError::Lost(_)));
        let not_sent =
            |result: &&Result<_, DeliverError>| matches!(result, Err(DeliverError::NotSent(_)));
        let delivered = results.iter().filter(|result| result.is_ok()).count();
        let lost = results.iter().filter(lost).count();
        let not_sent = results.iter().filter(not_sent).count();
        assert_eq!((delivered, lost + not_sent), (2, 6), "{results:?}");
        feeding.wait().expect_err("the connection is gone");
    }
}

/// The thread that waits for the end runs the connection when no other does.
#[test]
fn the_wait_for_the_end_sends_what_was_submitted() {
    let (capture, feed, feeding) = fed();
    let first = feed.submit(envelope(), "0\r\n");
    drop(feed.submit(envelope(), "1\r\n"));
    drop(feed);
    let connection = feeding.wait().expect("a connection");
    first.wait().expect("delivered");
    connection.quit().expect("QUIT");
    assert_eq!(capture.contents(), [b"0\r\n", b"1\r\n"]);
}

/// A reader that waits for its test.
struct Gate {
    reached: mpsc::Sender<()>,
    open: mpsc::Receiver<()>,
}

impl Read for Gate {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.reached.send(());
        let _ = self.open.recv();
        Ok(0)
    }
}

/// The message of one thread is run by another, which waits longer.
#[test]
fn a_thread_that_leaves_hands_the_connection_on() {
    let (capture, feed, feeding) = fed();
    let (reached, is_reached) = mpsc::channel();
    let (opener, open) = mpsc::channel();
    thread::scope(|scope| {
        let (first, second) = (feed.clone(), feed.clone());
        let gate = Body::blocking_reader(Gate { reached, open });
        let driver = scope.spawn(move || first.deliver(envelope(), gate));
        is_reached.recv().expect("the body is read");
        // The first thread runs the connection, and stands in its reader.
        let follower = scope.spawn(move || {
            let results = ["1\r\n", "2\r\n"].map(|body| second.deliver(envelope(), body));
            results.map(|result| result.expect("delivered"))
        });
        drop(opener);
        driver.join().expect("a thread").expect("delivered");
        follower.join().expect("a thread");
    });
    drop(feed);
    feeding.wait().expect("a connection").quit().expect("QUIT");
    assert_eq!(capture.contents(), [&b""[..], b"1\r\n", b"2\r\n"]);
}

#[test]
fn a_feed_whose_end_is_dropped_sends_nothing_more() {
    let (capture, feed, feeding) = fed();
    feed.deliver(envelope(), "0\r\n").expect("delivered");
    drop(feeding);
    let error = feed.deliver(envelope(), "1\r\n").expect_err("the connection is closed");
    let DeliverError::NotSent(unsent) = error else { panic!("{error}") };
    assert!(matches!(unsent.lost().expect("a reason").fault(), Fault::Interrupted));
    assert!(unsent.into_message().is_some());
    assert_eq!(capture.contents().len(), 1);
}

struct Panics;

impl Read for Panics {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("the caller's own code");
    }
}

/// Its thread may be another's: every caller gets a result, and none the panic.
#[test]
fn a_reader_that_panics_ends_the_feed() {
    let (_capture, feed, feeding) = fed();
    let result = feed.deliver(envelope(), Body::blocking_reader(Panics));
    assert!(result.is_err(), "{result:?}");
    assert!(feed.deliver(envelope(), "x\r\n").is_err());
    let lost = feeding.wait().expect_err("it has ended");
    assert!(matches!(lost.fault(), Fault::Interrupted), "{lost}");
}

#[test]
fn a_server_that_closed_between_calls_got_nothing_of_the_message() {
    let lines = Lines::start(&[("", "220 hi\r\n"), HELLO, ("wait", "421 bye\r\n")]);
    let (feed, feeding) = greeted(&lines.server).feed();
    lines.close();
    let error = feed.deliver(envelope(), "x\r\n").expect_err("it has closed");
    let DeliverError::NotSent(unsent) = error else { panic!("{error}") };
    assert!(matches!(unsent.lost().expect("a reason").fault(), Fault::Closing(_)));
    let lost = feeding.wait().expect_err("it has closed");
    assert!(matches!(lost.fault(), Fault::Closing(_)), "{lost}");
}
