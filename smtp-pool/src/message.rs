//! A message as plain data: its envelope, and a content that can be read as often as it is sent.

mod repeatable;
#[cfg(feature = "serde")]
mod serde;

use std::fmt::{self, Debug};
use std::io;
#[cfg(feature = "fs")]
use std::path::PathBuf;

use bytes::Bytes;
use smtp::message::LineEnds;
use smtp::{Body, Envelope};

pub use repeatable::Repeatable;

/// A message as plain data, which a queue can keep: its [`Envelope`], with the parameters of MAIL
/// and of each RCPT and the [policy](smtp::Policy), its content, and the rule for its line ends.
///
/// A clone shares the content. Nothing in it belongs to a runtime.
///
/// ```
/// use smtp::Envelope;
/// use smtp_pool::Message;
///
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
/// let message = Message::new(envelope, "Subject: Hello\r\n\r\nHello.\r\n");
/// # Ok::<(), smtp::error::EnvelopeError>(())
/// ```
///
/// # Serialised
///
/// With the feature `serde` it can be written and read back. A parameter of the library comes back
/// with the conditions under which it may be sent. One of the caller's own comes back as its text,
/// and is refused where the server does not list the keyword that allows it; with a
/// [condition](smtp::extension::Parameter::needs) of the caller's own, which is a function, it is
/// not written, and nor is a [`Policy::Decide`](smtp::Policy): writing such a message is an error
/// that says so. A content that is UTF-8 is written as text.
#[derive(Clone, Debug)]
pub struct Message {
    envelope: Envelope,
    content: Content,
    line_ends: LineEnds,
}

/// The content of a message: an encoded mail that can be read as often as the message is sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, which is opened for each attempt. It must not change until the message is finished.
    #[cfg(feature = "fs")]
    File(PathBuf),
}

impl Message {
    /// A message of this envelope and content.
    pub fn new(envelope: Envelope, content: impl Repeatable) -> Self {
        let line_ends = LineEnds::default();
        Self { envelope, content: content.into_content(), line_ends }
    }

    /// Sets what is done to line ends that are not CRLF.
    #[must_use]
    pub fn line_ends(mut self, line_ends: LineEnds) -> Self {
        self.line_ends = line_ends;
        self
    }

    /// The sender, the recipients, and what they ask for.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The encoded mail.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The treatment of line ends that are not CRLF.
    pub fn line_end_rule(&self) -> LineEnds {
        self.line_ends
    }

    /// The message for another envelope, such as that of
    /// [some of its recipients](Envelope::retain).
    #[must_use]
    pub fn with_envelope(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// The body, for one attempt.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened; never of bytes in memory.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the file.
    #[cfg_attr(
        not(feature = "fs"),
        expect(clippy::unused_async, reason = "the same call with and without the feature")
    )]
    pub async fn body(&self) -> io::Result<Body<'static>> {
        let body = match &self.content {
            Content::Bytes(bytes) => Body::from(bytes.clone()),
            #[cfg(feature = "fs")]
            Content::File(path) => Body::file(path).await.map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?,
        };
        Ok(body.line_ends(self.line_ends))
    }
}

impl Content {
    /// Bytes of memory that it takes.
    pub(crate) fn held(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            #[cfg(feature = "fs")]
            Self::File(_) => 0,
        }
    }
}

/// The text of a mail is not for logs.
impl Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            #[cfg(feature = "fs")]
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
