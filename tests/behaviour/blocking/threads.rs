//! No thread, but one while a name is resolved: counted in a process of its own.

#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use smtp::blocking::Connection;
use smtp::{Body, Server};

use super::{Capture, envelope, greeted, server_at};

/// The child finds its server here; without it there is nothing to do.
const SERVER: &str = "SMTP_TEST_THREADS";

fn threads() -> usize {
    fs::read_dir("/proc/self/task").expect("the threads of this process").count()
}

#[test]
fn the_calling_thread_is_the_only_one() {
    let (capture, _) = Capture::in_clear();
    let child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "behaviour::blocking::threads::child", "--nocapture"])
        .env(SERVER, capture.server.address().to_string())
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}\n{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains("counted"), "{said}");
    assert_eq!(capture.contents().len(), 3);
}

/// A message that counts threads while it is read.
struct Counts {
    most: Arc<AtomicUsize>,
    left: usize,
}

impl Read for Counts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.most.fetch_max(threads(), Ordering::Relaxed);
        let length = self.left.min(buffer.len());
        buffer[..length].fill(b'x');
        self.left -= length;
        Ok(length)
    }
}

fn body(most: &Arc<AtomicUsize>) -> Body<'static> {
    Body::blocking_reader(Counts { most: Arc::clone(most), left: 200_000 })
}

#[test]
fn child() {
    let Some(address) = env::var_os(SERVER) else { return };
    let address: SocketAddr = address.to_str().expect("text").parse().expect("an address");
    let (before, most) = (threads(), Arc::new(AtomicUsize::new(0)));

    // An address needs no resolver.
    let mut connection = greeted(&server_at(address));
    connection.deliver(&envelope(), body(&most)).expect("delivered");
    let (feed, feeding) = connection.feed();
    feed.deliver(envelope(), body(&most)).expect("delivered");
    drop(feed);
    feeding.wait().expect("a connection").quit().expect("QUIT");
    assert_eq!((threads(), most.load(Ordering::Relaxed)), (before, before));

    // A name does, on one thread, which ends after its answer.
    let named = Server::new("localhost", address.port());
    let mut connection = Connection::connect(&named).expect("EHLO");
    assert!(threads() <= before + 1);
    let connected = Instant::now();
    while threads() > before {
        assert!(connected.elapsed() < Duration::from_secs(5), "its thread stays");
        std::thread::yield_now();
    }
    connection.deliver(&envelope(), body(&most)).expect("delivered");
    connection.quit().expect("QUIT");
    assert_eq!((threads(), most.load(Ordering::Relaxed)), (before, before));
    println!("counted");
}
