//! A counter of round trips in the traced lines of a connection.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use smtp::trace::{Event, Observer, RedactedLine};

/// The longest chain of something that is sent, its reply, something that is sent because of that,
/// and so on: how often a client has nothing left to write and waits, if only the way to the server
/// takes time.
#[derive(Debug, Default)]
pub(crate) struct RoundTrips(Mutex<Chain>);

#[derive(Debug)]
struct Chain {
    /// Links up to the last reply that was read.
    length: u64,
    /// Links up to each reply that is due.
    due: VecDeque<u64>,
    /// The last command was BDAT, whose content has no reply of its own.
    bdat: bool,
}

impl Default for Chain {
    /// A client that waits for the greeting.
    fn default() -> Self {
        Self { length: 0, due: VecDeque::from([1]), bdat: false }
    }
}

impl RoundTrips {
    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).length
    }
}

impl Observer for RoundTrips {
    fn observe(&self, event: &Event<'_>) {
        let mut chain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Sent(line) => {
                chain.bdat = Start::of(line).is(*b"BDAT");
                chain.sent();
            }
            Event::Content { .. } if !chain.bdat => chain.sent(),
            Event::Received(line) if Start::of(line).is_last() => {
                let length = chain.due.pop_front().unwrap_or_default();
                chain.length = chain.length.max(length);
            }
            _ => {}
        }
    }
}

impl Chain {
    fn sent(&mut self) {
        self.due.push_back(self.length + 1);
    }
}

/// The first bytes of a line.
#[derive(Debug, Default)]
struct Start {
    bytes: [u8; 4],
    length: usize,
}

impl Start {
    fn of(line: &RedactedLine<'_>) -> Self {
        let mut start = Self::default();
        // An error says that there is room for no more of it.
        let _ = write!(start, "{line}");
        start
    }

    fn is(&self, verb: [u8; 4]) -> bool {
        self.bytes.eq_ignore_ascii_case(&verb)
    }

    /// Whether it begins the last line of a reply: `250-` goes on.
    fn is_last(&self) -> bool {
        self.bytes[3] != b'-'
    }
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            let free = self.bytes.get_mut(self.length).ok_or(fmt::Error)?;
            *free = byte;
            self.length += 1;
        }
        Ok(())
    }
}
