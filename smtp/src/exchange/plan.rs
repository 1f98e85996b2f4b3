//! What a server takes, looked up once for all messages, and how a message is sent to it.

use std::borrow::Cow;

use smtp_grammar::Capabilities;

use crate::command::{Mail, Rcpt};
use crate::error::refusal::Refusal;
use crate::extension::size::SizeParameter;
use crate::extension::{BodyKind, ServerLimits, Size};
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::transfer::{BodyMethod, Transfer};
use crate::proto::command;
use crate::proto::command::{Command, CommandSpec};
use crate::proto::content::{ContentError, ContentSummary, LineEnds};
use crate::proto::line::{Arguments, Audience, Line};

/// What a server offers to a delivery, and how its user wants messages to travel.
#[derive(Debug)]
pub(crate) struct DeliveryCapabilities {
    pub(crate) capabilities: Capabilities,
    pub(crate) transfer: Transfer,
    pub(crate) pipelining: bool,
    pub(crate) limits: ServerLimits,
    chunking: bool,
    eight_bit: bool,
    utf8: bool,
    size: Option<Size>,
}

impl DeliveryCapabilities {
    pub(crate) fn new(capabilities: &Capabilities, transfer: &Transfer) -> Self {
        Self {
            capabilities: capabilities.clone(),
            transfer: transfer.clone(),
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
    /// Why it cannot be sent to this server: then nothing of it leaves.
    #[inline]
    pub(crate) fn plan(&self, envelope: &Envelope, body: &Body<'_>) -> Result<SendPlan, Refusal> {
        let summary = summarize(body)?;
        let params = self.params(envelope, body, summary)?;
        let bytes = length(body, summary).unwrap_or_default();
        let method = self.method(envelope, body);
        if !envelope.is_plain() || body.line_ends == LineEnds::Binary {
            self.try_commands(envelope, body, params, method)?;
        }
        Ok(SendPlan { params, method, summary, bytes })
    }

    /// How a body travels. A binary one has no other way than chunks (RFC 3030 §3).
    fn method(&self, envelope: &Envelope, body: &Body<'_>) -> BodyMethod {
        let chunks = self.transfer.method != BodyMethod::Data || body.line_ends == LineEnds::Binary;
        if !chunks || !self.chunking {
            return BodyMethod::Data;
        }
        let eager = self.transfer.method == BodyMethod::EagerBdat && self.pipelining;
        if eager && envelope.send_policy().permits_one_flight() {
            BodyMethod::EagerBdat
        } else {
            BodyMethod::Bdat
        }
    }

    /// What MAIL must declare of a message.
    fn params(
        &self,
        envelope: &Envelope,
        body: &Body<'_>,
        summary: Option<ContentSummary>,
    ) -> Result<MailParams, Refusal> {
        if envelope.rcpts().is_empty() {
            return Err(Refusal::no_recipients());
        }
        let bytes = length(body, summary);
        if let (Some(size), Some(bytes)) = (self.size, bytes)
            && let Some(limit) = size.limit().filter(|&limit| limit < bytes)
        {
            return Err(Refusal::too_large(bytes, limit));
        }
        let kind = if body.line_ends == LineEnds::Binary {
            // Not offered, it makes MAIL unsendable.
            Some(BodyKind::BinaryMime)
        } else if summary.is_none_or(|summary| summary.eight_bit) && self.eight_bit {
            Some(BodyKind::EightBitMime)
        } else if summary.is_some_and(|summary| summary.eight_bit) {
            return Err(Refusal::content(ContentError::EightBit));
        } else {
            None
        };
        Ok(MailParams {
            size: self.size.and(bytes),
            kind,
            // It is refused later, for each address that needs it, where it is not offered.
            utf8: self.utf8 && envelope.needs_smtputf8(),
        })
    }

    /// Finds commands that cannot be written, before any of them leaves: MAIL, or each RCPT.
    #[cold]
    fn try_commands(
        &self,
        envelope: &Envelope,
        body: &Body<'_>,
        params: MailParams,
        method: BodyMethod,
    ) -> Result<(), Refusal> {
        let mut scratch = Vec::new();
        let mail = params.of(envelope.mail());
        let mut line = Line::new(&mut scratch, &self.capabilities, false, Audience::Trusted);
        command::encode(&mail, &mut line)
            .map_err(|error| Refusal::encode(Mail::SPEC.verb, error))?;
        let utf8 = line.declared().utf8;
        if body.line_ends == LineEnds::Binary && method == BodyMethod::Data {
            return Err(Refusal::content(ContentError::BinaryNeedsBdat));
        }
        let mut refusal = None;
        for rcpt in envelope.rcpts() {
            scratch.clear();
            let audience = Audience::Trusted;
            let mut line = Line::new(&mut scratch, &self.capabilities, utf8, audience);
            match command::encode(rcpt, &mut line) {
                Ok(()) => return Ok(()),
                Err(error) => refusal = Some(Refusal::encode(Rcpt::SPEC.verb, error)),
            }
        }
        refusal.map_or(Ok(()), Err)
    }
}

/// How a message is sent to this server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendPlan {
    pub(crate) params: MailParams,
    pub(crate) method: BodyMethod,
    pub(crate) summary: Option<ContentSummary>,
    /// How many bytes it has; 0 where that is not known.
    pub(crate) bytes: u64,
}

/// What MAIL declares of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MailParams {
    size: Option<u64>,
    kind: Option<BodyKind>,
    utf8: bool,
}

impl MailParams {
    /// MAIL with what is declared. A parameter of the same name that it has already is replaced.
    #[inline]
    pub(crate) fn of(self, mail: &Mail) -> MailWithParams<'_> {
        if mail.has_parameters() || self.utf8 {
            return MailWithParams { mail: Cow::Owned(self.put_into(mail.clone())), params: None };
        }
        MailWithParams { mail: Cow::Borrowed(mail), params: Some(self) }
    }

    #[cold]
    fn put_into(self, mut mail: Mail) -> Mail {
        if let Some(bytes) = self.size {
            mail = mail.size(bytes);
        }
        if let Some(kind) = self.kind {
            mail = mail.body(kind);
        }
        if self.utf8 { mail.smtputf8() } else { mail }
    }

    /// Writes what MAIL has no parameters of its own for.
    #[inline]
    fn write(self, line: &mut Line<'_>) {
        if let Some(bytes) = self.size {
            SizeParameter(bytes).write_offered(line);
        }
        if let Some(kind) = self.kind {
            kind.write(line);
        }
    }
}

/// MAIL of an envelope, which most messages share, and what one of them declares.
#[derive(Debug)]
pub(crate) struct MailWithParams<'m> {
    mail: Cow<'m, Mail>,
    params: Option<MailParams>,
}

impl Command for MailWithParams<'_> {
    type Reply = <Mail as Command>::Reply;
    const SPEC: CommandSpec = Mail::SPEC;

    #[inline]
    fn encode(&self, line: &mut Line<'_>) {
        self.mail.encode(line);
        if let Some(params) = self.params {
            params.write(line);
        }
    }
}

/// What can be said of a message before it is sent.
///
/// # Errors
///
/// Why it cannot be sent, no matter what MAIL declares: its content, or a length that is not its
/// own.
fn summarize(body: &Body<'_>) -> Result<Option<ContentSummary>, Refusal> {
    body.check_length().map_err(|error| Refusal::body(error.into()))?;
    body.summary().map_err(Refusal::content)
}

/// How many bytes a message will have, where that is known.
fn length(body: &Body<'_>, summary: Option<ContentSummary>) -> Option<u64> {
    summary.map(|summary| summary.bytes).or(body.known_length())
}

/// Finds what makes a body unsendable in a transaction whose MAIL has declared this much.
///
/// # Errors
///
/// Why it cannot be sent: 8-bit bytes that were not agreed on (RFC 6152), and a binary message
/// without BDAT or without `BODY=BINARYMIME` (RFC 3030 §3).
pub(crate) fn check_body(
    body: &Body<'_>,
    declared: crate::proto::line::Declared,
    method: BodyMethod,
) -> Result<Option<ContentSummary>, Refusal> {
    let summary = summarize(body)?;
    if body.line_ends == LineEnds::Binary {
        if method == BodyMethod::Data || !declared.binary {
            return Err(Refusal::content(ContentError::BinaryNeedsBdat));
        }
    } else if summary.is_some_and(|summary| summary.eight_bit) && !declared.eight_bit {
        return Err(Refusal::content(ContentError::EightBit));
    }
    Ok(summary)
}
