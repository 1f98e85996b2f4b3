//! Tests of the program: each typical mistake is named in the first line, within ten seconds, and
//! each wrong use gives an error of one sentence. Networks are simulated, and time is virtual.

mod mistakes;
mod network;
mod options;
mod whole;

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::args::Options;
use crate::report::Report;
use crate::{json, probe};
use network::Simulated;

fn options(arguments: &str) -> Options {
    let arguments = lexopt::Parser::from_args(arguments.split_whitespace());
    Options::parse(arguments).expect("options").expect("no --help")
}

/// The end of a look: the first line, the JSON object, and the time that it took.
struct End {
    report: Report,
    line: String,
    json: Value,
    took: Duration,
}

async fn look(options: &Options, simulated: &Simulated) -> End {
    let began = Instant::now();
    let report = probe(options, simulated.network(options)).await.expect("a look");
    let text = report.to_string();
    let line = text.lines().next().expect("a line").to_owned();
    let json = json::of(&report);
    assert_eq!(json["verdict"] == "wrong", !report.is_fine(), "{text}");
    End { report, line, json, took: began.elapsed() }
}

impl End {
    /// The kind of the worst finding.
    fn kind(&self) -> &str {
        self.json["findings"][0]["kind"].as_str().unwrap_or("none")
    }
}
