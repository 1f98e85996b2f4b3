//! Messages that a schedule did not deliver.

use std::fmt::{self, Debug, Display};

use crate::message::Message;
use crate::report::Report;

/// Why a message was delivered to no recipient, or why no further attempt is made.
pub struct RetryError(Box<Parts>);

struct Parts {
    kind: RetryErrorKind,
    report: Report,
    message: Option<Message>,
}

/// The kind of a [`RetryError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryErrorKind {
    /// It was refused for good, or cannot be sent as it is.
    Refused,
    /// The time or the attempts of the schedule are over.
    Expired,
    /// It may have been delivered to some, and to none for certain. Sending it again may deliver it
    /// twice.
    Unknown,
    /// There was no [room](crate::Retry::waiting) for one message more that waits. Some recipients
    /// may have got it.
    Full,
    /// The pool was closed. Some recipients may have got it.
    Closed,
}

impl RetryError {
    pub(super) fn new(kind: RetryErrorKind, report: Report, message: Option<Message>) -> Self {
        Self(Box::new(Parts { kind, report, message }))
    }

    /// The kind of the error.
    pub fn kind(&self) -> RetryErrorKind {
        self.0.kind
    }

    /// The outcome of the message for each recipient, and every attempt.
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The message for those recipients to which it may be sent again: `Stopped` and `Expired` in
    /// the report. `None` where there are none.
    pub fn into_message(self) -> Option<Message> {
        self.0.message
    }

    /// The report, and the message as [`into_message`](Self::into_message) gives it.
    pub fn into_parts(self) -> (Report, Option<Message>) {
        (self.0.report, self.0.message)
    }
}

impl Debug for RetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryError")
            .field("kind", &self.0.kind)
            .field("report", &self.0.report)
            .finish_non_exhaustive()
    }
}

impl Display for RetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.0.kind {
            RetryErrorKind::Refused => "the message was refused for good",
            RetryErrorKind::Expired => "the message was not delivered in time",
            RetryErrorKind::Unknown => {
                "it is unknown whether the message was delivered, and sending it again may deliver \
                 it twice"
            }
            RetryErrorKind::Full => {
                "too many messages wait for another attempt: send fewer at a time, or allow more \
                 with `Retry::waiting`"
            }
            RetryErrorKind::Closed => "the pool was closed before the message was finished",
        };
        write!(f, "{why}: {}", self.0.report)
    }
}

impl std::error::Error for RetryError {}
