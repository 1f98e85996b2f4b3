//! Messages that are sent again: to whom, when, and how often.

mod bounds;
mod outbox;
mod queue;
mod recipients;
mod report;
mod times;

use smtp::state::Greeted;
use smtp::{Connection, Envelope};
use smtp_pool::{Outcome, Pool, Report, Retry, RetryError, Settings};

use super::peer::Peer;

/// A handle goes to any task.
const fn is_shared<T: Clone + Send + Sync + 'static>() {}
const _: () = is_shared::<Retry>();

/// A pool of one connection.
fn one(peer: &Peer) -> Pool<Connection<Greeted>> {
    Pool::with_settings(peer.server("a.test"), Settings::new().connections(1))
}

/// An envelope of recipients with these names.
fn envelope(names: &str) -> Envelope {
    let addresses = names.chars().map(|name| format!("{name}@example.org"));
    Envelope::new("me@example.com", addresses).expect("addresses")
}

fn text(number: usize) -> String {
    format!("Subject: {number}\r\n\r\nText.\r\n")
}

fn report_of(result: &Result<Report, RetryError>) -> &Report {
    result.as_ref().unwrap_or_else(RetryError::report)
}

/// The first letter of each outcome: `d`, `r`, `e`, `u` or `s`.
fn outcomes(report: &Report) -> String {
    let letter = |outcome: Outcome| outcome.to_string().chars().next().expect("a word");
    report.recipients().iter().map(|recipient| letter(recipient.outcome())).collect()
}

/// The names in each transaction that the server saw.
fn named(peer: &Peer) -> String {
    let names = |addresses: &Vec<String>| -> String {
        addresses.iter().filter_map(|address| address.chars().next()).collect()
    };
    let transactions: Vec<_> = peer.counts().named.iter().map(names).collect();
    transactions.join(" ")
}
