//! The messages of all cells: their numbers, envelopes and contents, made once.

use std::sync::LazyLock;

use bytes::Bytes;

use crate::command::{Mail, Rcpt};
use crate::extension::Prdr;
use crate::message::envelope::Envelope;

/// A message that is larger than what may be queued, one that cannot be sent, and one that no
/// server of the matrix refuses.
pub(super) const LARGE: usize = 7;
pub(super) const BROKEN: usize = 8;
pub(super) const PROBE: usize = 9;

/// A piece of the large one, of which two are more than may be queued.
pub(super) const PIECE: usize = 132 * 1024;
pub(super) const PIECES: usize = 3;

struct Message {
    envelope: Envelope,
    rcpts: Vec<String>,
    content: Bytes,
}

static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| (0..=PROBE).map(message).collect());

fn message(number: usize) -> Message {
    let most = match number {
        // It has no recipients, and so it cannot be sent.
        BROKEN => 0,
        PROBE => 1,
        _ => 2,
    };
    let rcpts: Vec<_> = (1..=most).map(|index| format!("m{number}r{index}@server.test")).collect();
    let sender = format!("m{number}@client.test");
    let envelope = Envelope::new(sender.as_str(), rcpts.iter().map(String::as_str));
    let content = if number == LARGE {
        let line = format!("{:x<62}\r\n", ".");
        line.repeat(PIECES * PIECE / line.len())
    } else {
        format!("Message: {number}\r\n\r\n.a line with a dot\r\n.\r\nand the last one\r\n")
    };
    Message { envelope: envelope.expect("addresses"), rcpts, content: content.into() }
}

/// The content of a message, and how its line ends are treated.
pub(super) fn content(message: usize) -> Bytes {
    MESSAGES[message].content.clone()
}

pub(super) fn recipients(message: usize) -> &'static [String] {
    &MESSAGES[message].rcpts
}

pub(super) fn envelope(message: usize) -> Envelope {
    MESSAGES[message].envelope.clone()
}

/// MAIL; `prdr` says that it asks for a reply for each recipient.
pub(super) fn mail(message: usize, prdr: bool) -> Mail {
    let mail = MESSAGES[message].envelope.mail().clone();
    if prdr { mail.with(Prdr) } else { mail }
}

pub(super) fn rcpts(message: usize) -> impl Iterator<Item = Rcpt> {
    MESSAGES[message].envelope.rcpts().iter().cloned()
}

/// The number that stands in each address: `m1r2@server.test` is of message 1.
pub(super) fn number_of(address: &str) -> Option<usize> {
    address.strip_prefix('m')?.get(..1)?.parse().ok()
}
