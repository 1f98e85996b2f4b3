//! Many tasks that share a pool, through a delay: round trips of a message.
//!
//! "Per message per connection" is the time of all in round trips, divided by the messages that each
//! connection has on average. The opening of the connections is in it.

use std::process::Command;
use std::time::Instant;

use benches::servers::{Running, connections};
use smtp_pool::Pool;

use crate::ways::{Load, send};
use crate::{server, settings};

/// Milliseconds each way.
const DELAY: &str = "25";
/// Seconds there and back.
const ROUND_TRIP: f64 = 0.05;

/// `opened` may be more than were open at a time.
fn say(name: &str, load: Load, opened: usize, seconds: f64) {
    let each = load.messages as f64 / load.connections as f64;
    let trips = seconds / ROUND_TRIP / each;
    println!(
        "{name}: {trips:.3} round trips per message per connection (opened {opened}, {seconds:.2} s)"
    );
}

pub(crate) async fn measure(method: &str, load: Load, lettre: Option<&str>) {
    let sink = Running::start("sink", &[]);
    let to = sink.addr.to_string();
    let proxy = Running::start("latency-proxy", &["--to", &to, "--delay-ms", DELAY]);
    let pool = Pool::with_settings(server(proxy.addr, method), settings(load.connections));
    let began = Instant::now();
    send(&pool, load).await;
    let seconds = began.elapsed().as_secs_f64();
    let opened = connections(sink.addr);
    assert_eq!(opened, load.connections, "as many as it may have");
    say(method, load, opened, seconds);
    let Some(program) = lettre else {
        return;
    };
    // Its pool opens a connection for each message that finds none: with so many tasks it has as many.
    let before = connections(sink.addr);
    let [tasks, messages] = [load.connections, load.messages].map(|number| number.to_string());
    let mut command = Command::new(program);
    command.args(["--mode", "pool", "--reuse", "--addr", &proxy.addr.to_string()]);
    command.args(["--connections", &tasks, "--messages", &messages]);
    let began = Instant::now();
    let output = command.output().expect("the client of lettre");
    let seconds = began.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let opened = connections(sink.addr) - before - 1;
    say(&format!("lettre, {tasks} tasks"), load, opened, seconds);
}
