//! Messages per second of each way, beside the others: each run is a process of its own, and they
//! take turns, so that what the machine does besides falls on all of them.

use std::process::Command;
use std::time::Instant;

use benches::servers::Running;
use smtp::Server;

use crate::ways::{Load, Way};

/// Connections, and callers of `send`.
const CONNECTIONS: &str = "8";
const CALLERS: &str = "128";

/// Runs one way once, and prints its rate.
pub(crate) async fn once(way: Way, server: &Server, load: Load) {
    let mut sender = way.open(server, load.connections).await;
    let began = Instant::now();
    sender.send(load).await;
    println!("\"messages_per_second\":{}", load.messages as f64 / began.elapsed().as_secs_f64());
    sender.close().await;
}

/// One that takes its turn: its name, and how it is run.
struct Runner {
    name: String,
    command: Command,
    rates: Vec<f64>,
}

impl Runner {
    fn run(&mut self) {
        let output = self.command.output().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {text}", self.name);
        let (_, rate) = text.split_once("\"messages_per_second\":").expect("a rate");
        let rate = rate.split([',', '}', '\n']).next().and_then(|rate| rate.parse().ok());
        self.rates.push(rate.expect("a number"));
    }
}

/// Runs every way, and the example `load` where its program is given, so many times in turn.
pub(crate) fn compare(
    method: &str,
    threads: &str,
    messages: &str,
    rounds: usize,
    program: Option<&str>,
) {
    let sink = Running::start("sink", &[]);
    let addr = sink.addr.to_string();
    let this = std::env::current_exe().expect("a path");
    let of_way = |way: Way| {
        let mut command = Command::new(&this);
        let way = way.to_string();
        command.args(["once", &addr, &way, method, threads, CONNECTIONS, CALLERS, messages]);
        Runner { name: way, command, rates: Vec::new() }
    };
    let mut runners: Vec<_> = Way::ALL.into_iter().map(of_way).collect();
    if let Some(program) = program {
        let mut command = Command::new(program);
        let mode = if method == "chunks" { "--bdat".to_owned() } else { format!("--{method}") };
        command.args(["--json", "--tls", "none", "--size", &crate::SIZE.to_string()]);
        command.args([
            "--addr",
            &addr,
            "--connections",
            CONNECTIONS,
            "--messages",
            messages,
            &mode,
        ]);
        runners.push(Runner { name: "load".into(), command, rates: Vec::new() });
    }
    for round in 0..rounds {
        // None always comes after the same one.
        let first = round % runners.len();
        runners.rotate_left(first);
        runners.iter_mut().for_each(Runner::run);
        runners.rotate_right(first);
    }
    for other in &runners[Way::ALL.len() - 1..] {
        for runner in &runners[..Way::ALL.len() - 1] {
            let ratios = runner.rates.iter().zip(&other.rates).map(|(rate, of)| rate / of);
            let (low, middle, high) = spread(ratios.collect());
            let (name, of) = (&runner.name, &other.name);
            println!("{method}, {threads}: {name} is {middle:.3} of {of} ({low:.2} to {high:.2})");
        }
    }
    for runner in runners {
        let (_, middle, _) = spread(runner.rates);
        println!("{method}, {threads}: {} {middle:.0}/s", runner.name);
    }
}

/// The lower quarter, the median and the upper quarter.
fn spread(mut of: Vec<f64>) -> (f64, f64, f64) {
    of.sort_by(f64::total_cmp);
    let at = |quarter: usize| of[(of.len() - 1) * quarter / 4];
    (at(1), at(2), at(3))
}
