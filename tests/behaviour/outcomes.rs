//! Outcomes of messages: one for each recipient, and never a wrong one.

mod eager;
mod overtaking;
mod refused;
mod resets;
mod sessions;
mod splits;
mod violations;

use std::borrow::Borrow;

use smtp::connection::Stopped;
use smtp::state::Greeted;
use smtp::testing::Peer;
use smtp::{Body, Connection, Envelope, Lost, Transfer};
use tests::{Fate as _, Inbox, Mta, greeted, script, server};

const NOTHING: &[&str] = &[];
const PIPELINING: &[&str] = &["PIPELINING"];
const CHUNKING: &[&str] = &["PIPELINING", "CHUNKING"];

/// An envelope with recipients of these names.
fn envelope(names: &[&str]) -> Envelope {
    let recipients = names.iter().map(|name| format!("{name}@example.org"));
    Envelope::new("me@example.com", recipients).expect("addresses")
}

/// A connection whose server says this dialogue.
async fn connect(
    transfer: Transfer,
    offers: &[&str],
    dialogue: &str,
) -> (Connection<Greeted>, Peer) {
    let (mut connection, peer) = greeted(script(offers, dialogue)).await;
    connection.set_transfer(transfer);
    (connection, peer)
}

/// Delivers messages: how that ended, and what became of each, by its index. Each is told once.
async fn deliver_all<'b, E: Borrow<Envelope>, B: Into<Body<'b>>>(
    connection: &mut Connection<Greeted>,
    messages: impl IntoIterator<Item = (E, B)>,
) -> (Result<Stopped, Lost>, Vec<String>) {
    let mut fates = Vec::new();
    let report = |index: usize, result: Result<_, _>| fates.push((index, result.fate()));
    let result = connection.deliver_all(messages, report).await;
    fates.sort();
    let indices: Vec<_> = fates.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (0..fates.len()).collect::<Vec<_>>(), "each is told once");
    (result, fates.into_iter().map(|(_, fate)| fate).collect())
}

/// Delivers messages to a server: how that ended, what became of each, and what the server has.
async fn deliver_to<'b, E: Borrow<Envelope>, B: Into<Body<'b>>>(
    mta: Mta,
    transfer: Transfer,
    messages: impl IntoIterator<Item = (E, B)>,
) -> (Result<Stopped, Lost>, Vec<String>, Inbox) {
    let (stream, inbox) = mta.start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(transfer);
    let (result, fates) = deliver_all(&mut connection, messages).await;
    drop(connection);
    (result, fates, inbox.await.expect("a server"))
}

/// Who got which content, sorted.
fn mailboxes(inbox: &Inbox) -> Vec<String> {
    let mut each: Vec<String> = inbox
        .messages
        .iter()
        .flat_map(|(recipients, content)| {
            recipients.iter().map(move |name| format!("{name} {}", content.trim_end()))
        })
        .collect();
    each.sort();
    each
}
