//! A message that a stand-in has taken.

use std::io;
use std::path::Path;

use bytes::Bytes;

/// A message that an [`Outbox`](super::Outbox) has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mail {
    /// The sender, without angle brackets; empty for the null path.
    pub sender: String,
    /// The recipients that were accepted, without angle brackets.
    pub recipients: Vec<String>,
    /// MAIL and each RCPT that was accepted, with their parameters, as they were sent.
    pub commands: Vec<String>,
    /// The message.
    pub content: Bytes,
}

impl Mail {
    /// Writes the message as `NUMBER.eml`, and its commands as `NUMBER.envelope`, under the first
    /// number that is free. Gives the number.
    pub(super) fn write(&self, directory: &Path, mut number: u32) -> io::Result<u32> {
        loop {
            let path = |ending| directory.join(format!("{number:04}.{ending}"));
            let mut envelope = self.commands.join("\n");
            envelope.push('\n');
            // The envelope first: a program that sees the message finds both.
            match create(&path("envelope"), envelope.as_bytes()) {
                Ok(()) => return create(&path("eml"), &self.content).map(|()| number),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    std::fs::File::create_new(path)?.write_all(content)
}
