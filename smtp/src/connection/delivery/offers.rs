//! What of a server's offers decides how messages are sent: looked up once for all of them.

use std::borrow::Cow;

use smtp_grammar::Capabilities;

use super::super::envelope::Envelope;
use super::super::transfer::{Transfer, Way};
use crate::body::Body;
use crate::command::Mail;
use crate::error::Refusal;
use crate::extension::size::SizeParameter;
use crate::extension::{BodyKind, ServerLimits, Size};
use crate::proto::command::{Command, CommandSpec};
use crate::proto::content::{ContentError, LineEnds, Measure};
use crate::proto::line::{Arguments, Line};

/// What a server offers, and how its user wants messages to travel.
#[derive(Debug)]
pub(super) struct Offers<'c> {
    pub(super) capabilities: &'c Capabilities,
    pub(super) transfer: Transfer,
    pub(super) pipelining: bool,
    pub(super) limits: ServerLimits,
    chunking: bool,
    eight_bit: bool,
    utf8: bool,
    size: Option<Size>,
}

impl<'c> Offers<'c> {
    pub(super) fn new(capabilities: &'c Capabilities, transfer: Transfer) -> Self {
        Self {
            capabilities,
            transfer,
            pipelining: capabilities.has("PIPELINING"),
            limits: capabilities.get().unwrap_or_default(),
            chunking: capabilities.has("CHUNKING"),
            eight_bit: capabilities.has("8BITMIME"),
            utf8: capabilities.has("SMTPUTF8"),
            size: capabilities.get(),
        }
    }

    /// How a message is sent.
    ///
    /// # Errors
    ///
    /// Why no MAIL can be right.
    #[inline]
    pub(super) fn plan(&self, envelope: &Envelope, body: &Body<'_>) -> Result<Plan, Refusal> {
        let measure = body.measure().map_err(Refusal::content)?;
        let declaration = self.declare(envelope, body, measure)?;
        let octets = octets(body, measure).unwrap_or_default();
        Ok(Plan { declaration, way: self.way(envelope, body), measure, octets })
    }

    /// How a message travels. A binary one has no other way than chunks (RFC 3030 §3).
    fn way(&self, envelope: &Envelope, body: &Body<'_>) -> Way {
        let chunks = self.transfer.way != Way::Data || body.line_ends == LineEnds::Binary;
        if !chunks || !self.chunking {
            return Way::Data;
        }
        let eager = self.transfer.way == Way::Eager && self.pipelining;
        if eager && envelope.send_policy().permits_one_flight() { Way::Eager } else { Way::Chunks }
    }

    /// What MAIL must declare of a message.
    ///
    /// # Errors
    ///
    /// Why no MAIL can be right.
    fn declare(
        &self,
        envelope: &Envelope,
        body: &Body<'_>,
        measure: Option<Measure>,
    ) -> Result<Declaration, Refusal> {
        if envelope.rcpts().is_empty() {
            return Err(Refusal::no_recipients());
        }
        let octets = octets(body, measure);
        if let (Some(size), Some(octets)) = (self.size, octets)
            && let Some(limit) = size.limit().filter(|&limit| limit < octets)
        {
            return Err(Refusal::too_large(octets, limit));
        }
        let kind = if body.line_ends == LineEnds::Binary {
            // Not offered, it makes MAIL unsendable.
            Some(BodyKind::BinaryMime)
        } else if measure.is_none_or(|measure| measure.eight_bit) && self.eight_bit {
            Some(BodyKind::EightBitMime)
        } else if measure.is_some_and(|measure| measure.eight_bit) {
            return Err(Refusal::content(ContentError::EightBit));
        } else {
            None
        };
        Ok(Declaration {
            size: self.size.and(octets),
            kind,
            // It is refused later, for each address that needs it, where it is not offered.
            utf8: self.utf8 && envelope.needs_smtputf8(),
        })
    }
}

/// How a message is sent to this server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) declaration: Declaration,
    pub(super) way: Way,
    pub(super) measure: Option<Measure>,
    /// How many octets it has; 0 where nobody knows.
    pub(super) octets: u64,
}

/// What MAIL declares of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration {
    size: Option<u64>,
    kind: Option<BodyKind>,
    utf8: bool,
}

impl Declaration {
    /// MAIL with what is declared. A parameter of the same name that it has already is replaced.
    #[inline]
    pub(super) fn of(self, mail: &Mail) -> DeclaringMail<'_> {
        if mail.has_parameters() || self.utf8 {
            return DeclaringMail { mail: Cow::Owned(self.put_into(mail.clone())), behind: None };
        }
        DeclaringMail { mail: Cow::Borrowed(mail), behind: Some(self) }
    }

    #[cold]
    fn put_into(self, mut mail: Mail) -> Mail {
        if let Some(octets) = self.size {
            mail = mail.size(octets);
        }
        if let Some(kind) = self.kind {
            mail = mail.body(kind);
        }
        if self.utf8 { mail.smtputf8() } else { mail }
    }

    /// Writes what MAIL has no parameters of its own for.
    #[inline]
    fn write(self, line: &mut Line<'_>) {
        if let Some(octets) = self.size {
            SizeParameter(octets).write_offered(line);
        }
        if let Some(kind) = self.kind {
            kind.write(line);
        }
    }
}

/// MAIL of an envelope, which most messages share, and what one of them declares.
#[derive(Debug)]
pub(super) struct DeclaringMail<'m> {
    mail: Cow<'m, Mail>,
    behind: Option<Declaration>,
}

impl Command for DeclaringMail<'_> {
    type Reply = <Mail as Command>::Reply;
    const SPEC: CommandSpec = Mail::SPEC;

    #[inline]
    fn encode(&self, line: &mut Line<'_>) {
        self.mail.encode(line);
        if let Some(declaration) = self.behind {
            declaration.write(line);
        }
    }
}

/// How many octets a message will have, where that is known.
fn octets(body: &Body<'_>, measure: Option<Measure>) -> Option<u64> {
    measure.map(|measure| measure.octets).or(body.known_length())
}
