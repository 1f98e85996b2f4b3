//! WELLKNOWN: a document of the server's.

use smtp_derive::{SmtpCommand, SmtpReply};
use smtp_grammar::{Reply, xtext};

/// The command WELLKNOWN (Exim 4.98, specification §4.3.1): asks for a document of the server's by
/// its name, such as one that a web server would have below `/.well-known/`.
///
/// ```text
/// wellknown = "WELLKNOWN" SP xtext CRLF
/// ```
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(
    verb = "WELLKNOWN",
    requires = "WELLKNOWN",
    reply = Document,
    accepts(250),
    reply_lines = 1024,
    valid_in(Idle)
)]
pub struct WellKnown {
    #[smtp(xtext)]
    name: String,
}

impl WellKnown {
    /// Asks for the document of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

/// The reply to WELLKNOWN: a summary in its first line, and the document as xtext in the others.
#[derive(Debug, Clone, PartialEq, Eq, SmtpReply)]
pub struct Document {
    #[smtp(key = "SIZE")]
    size: Option<u64>,
    #[smtp(reply)]
    reply: Reply,
}

impl Document {
    /// The size of the document in bytes, as the server's summary says it.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The bytes of the document; `None` where a line of the reply is no xtext.
    pub fn content(&self) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        for line in self.reply.lines().skip(1) {
            content.extend(xtext::decode(std::str::from_utf8(line).ok()?).ok()?);
        }
        Some(content)
    }

    /// The reply.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }
}
