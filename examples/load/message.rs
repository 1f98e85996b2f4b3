//! The message that is sent again and again, and the count of those that are done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use smtp::{Body, Envelope};

use crate::Result;
use crate::args::{Options, read};

/// A message of more bytes is seen to leave, a smaller one when it has arrived.
const LARGE: usize = 1 << 20;

/// The amount to be sent, by all connections together.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) envelope: Envelope,
    pub(crate) content: Bytes,
    pub(crate) messages: u64,
    /// Messages that no connection has taken yet.
    left: AtomicU64,
    /// Messages that were answered, or can no longer be.
    done: AtomicU64,
    /// Bytes that have left.
    bytes: AtomicU64,
}

/// The job that the options describe.
pub(crate) fn job(options: &Options) -> Result<Arc<Job>> {
    let content = match &options.file {
        Some(file) => Bytes::from(read(file)?),
        None => content(options),
    };
    let recipients = (1..=options.rcpts).map(|number| match options.rcpts {
        1 => options.to.clone(),
        _ => format!("{number}{}", options.to),
    });
    Ok(Arc::new(Job {
        envelope: Envelope::new(&options.from, recipients)?,
        content,
        messages: options.messages,
        left: AtomicU64::new(options.messages),
        done: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    }))
}

/// Text in lines of 78 bytes.
fn content(options: &Options) -> Bytes {
    const LINE: &str =
        "The quick brown fox jumps over the lazy dog, again and again, and never rests.\r\n";
    let mut content = format!("From: <{}>\r\nSubject: load\r\n\r\n", options.from);
    while content.len() < options.size {
        content.push_str(LINE);
    }
    let mut content = content.into_bytes();
    content.truncate(options.size.saturating_sub(2));
    // The cut may have gone through a line end.
    if let Some(last) = content.last_mut().filter(|last| **last == b'\r') {
        *last = b'.';
    }
    content.extend_from_slice(b"\r\n");
    Bytes::from(content)
}

impl Job {
    /// Takes a message, if there are any left.
    pub(crate) fn take(&self) -> bool {
        let less = |left: u64| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Messages that no connection has taken.
    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// The message, without a copy of its bytes.
    pub(crate) fn body(&self) -> Body<'_> {
        let body = Body::from(self.content.clone());
        if self.content.len() < LARGE {
            return body;
        }
        let mut before = 0;
        body.progress(move |sent, _| {
            self.bytes.fetch_add(sent - before, Ordering::Relaxed);
            before = sent;
        })
    }

    /// Notes that a message is done.
    pub(crate) fn note_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        if self.content.len() < LARGE {
            self.bytes.fetch_add(self.content.len() as u64, Ordering::Relaxed);
        }
    }

    /// Messages that are done.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes that have left, and all that will.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let all = (self.content.len() as u64).saturating_mul(self.messages);
        (self.bytes.load(Ordering::Relaxed), all)
    }
}
