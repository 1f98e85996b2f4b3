//! Groups whose order the compiler has checked: when each command leaves, and its outcome.

mod commands;
mod connections;
mod messages;
mod table;

use std::fmt::Debug;

use smtp::command::{Mail, Rcpt};
use smtp::error::ProtocolError;
use smtp::pipeline::{Message, Outcome};
use smtp::state::Greeted;
use smtp::testing::Peer;
use smtp::{Connection, Error, Lost, Mailbox, Reply};
use tests::{greeted, script};

/// With PIPELINING and without.
const MODES: [&[&str]; 2] = [&["PIPELINING"], &[]];

/// The outcome of a transaction with two recipients and a message.
type Transaction = (Outcome<Reply>, Vec<Outcome<Reply>>, Message<Reply>);

fn mail() -> Mail {
    Mail::from("me@example.com".parse::<Mailbox>().expect("an address"))
}

fn rcpt(name: &str) -> Rcpt {
    Rcpt::to(format!("{name}@example.org").parse::<Mailbox>().expect("an address"))
}

/// A connection to a server that says this dialogue, and in it never speaks before its turn.
async fn connected(offers: &[&str], dialogue: &str) -> (Connection<Greeted>, Peer) {
    let script = script(offers, dialogue);
    greeted(if offers.is_empty() { script.lockstep() } else { script }).await
}

/// Sends a transaction with two recipients and a message.
async fn transact(
    offers: &[&str],
    dialogue: &str,
) -> (Result<Connection<Greeted>, Lost>, Transaction, Peer) {
    let (connection, peer) = connected(offers, dialogue).await;
    let group = connection.pipeline().mail(mail()).each([rcpt("a"), rcpt("b")]).data("content\r\n");
    let (connection, outcomes) = group.await;
    (connection, outcomes, peer)
}

/// The lines that a client says in a dialogue.
fn said(dialogue: &str) -> String {
    let lines = dialogue.lines().filter_map(|line| line.trim().strip_prefix("C: "));
    lines.flat_map(|line| [line, "\r\n"]).collect()
}

/// The client's bytes after EHLO.
fn written(peer: &Peer) -> String {
    let written = String::from_utf8(peer.written()).expect("text");
    let (_, rest) = written.split_once("\r\n").expect("EHLO");
    rest.to_owned()
}

fn code<T>(outcome: &Outcome<T>) -> Option<u16> {
    outcome.refusal()?.reply().map(|reply| reply.code().value())
}

/// A server that does not even let a transaction be given up has lost step.
fn is_reset_refused<T: Debug>(result: Result<T, Error>) {
    let Err(Error::Lost(lost)) = result else {
        panic!("{result:?}");
    };
    assert!(matches!(lost.protocol(), Some(ProtocolError::ResetRefused(_))), "{lost}");
    assert!(lost.is_transient(), "{lost}");
}
