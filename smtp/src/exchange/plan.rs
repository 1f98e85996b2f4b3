//! The plan of a message: DATA or chunks, the parameters of MAIL, and the reasons why the message
//! cannot be sent to this server at all.
//!
//! It is made before anything of the message leaves, so that a message that must fail costs no
//! transaction. The capabilities of the server are looked up once for all messages.

pub(crate) mod eight_bit;

use smtp_grammar::Capabilities;

use crate::command::{Mail, Rcpt};
use crate::error::lmtp::LmtpError;
use crate::error::refusal::Refusal;
use crate::exchange::recipients::check_whole;
use crate::extension::size::SizeParameter;
use crate::extension::{BodyKind, Prdr, ServerLimits, Size};
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::transfer::{BodyMethod, Transfer};
use crate::proto::command;
use crate::proto::command::{Command, CommandSpec};
use crate::proto::content::{ContentError, ContentSummary, LineEnds};
use crate::proto::line::{Arguments, Audience, Declared, Line};

/// The capabilities of a server that a delivery uses, and the caller's choice of transfer.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryCapabilities {
    pub(crate) capabilities: Capabilities,
    pub(crate) transfer: Transfer,
    pub(crate) pipelining: bool,
    pub(crate) limits: ServerLimits,
    /// They are about the recipients of a transaction.
    pub(crate) limits_recipients: bool,
    chunking: bool,
    eight_bit: bool,
    utf8: bool,
    prdr: bool,
    lmtp: bool,
    size: Option<Size>,
}

impl DeliveryCapabilities {
    /// `lmtp` says that the session is one of LMTP.
    pub(crate) fn new(capabilities: &Capabilities, transfer: &Transfer, lmtp: bool) -> Self {
        let limits = ServerLimits::of(capabilities);
        Self {
            capabilities: capabilities.clone(),
            transfer: transfer.clone(),
            pipelining: capabilities.has("PIPELINING"),
            limits,
            limits_recipients: limits.rcpt.is_some() || limits.rcpt_domain.is_some(),
            chunking: capabilities.has("CHUNKING"),
            // SMTPUTF8 implies it (RFC 6531 §3.1), and some servers do not list it.
            eight_bit: capabilities.has("8BITMIME") || capabilities.has("SMTPUTF8"),
            utf8: capabilities.has("SMTPUTF8"),
            // LMTP has a reply for each recipient by itself.
            prdr: !lmtp && capabilities.has("PRDR"),
            lmtp,
            size: capabilities.get(),
        }
    }

    /// How a message is sent.
    ///
    /// # Errors
    ///
    /// The reason why the message cannot be sent to this server: then nothing of it leaves.
    #[inline]
    pub(crate) fn plan(&self, envelope: &Envelope, body: &Body<'_>) -> Result<SendPlan, Refusal> {
        // The number of final replies is that of the recipients that were accepted, so their
        // replies come before the message: a server that accepts none sends no reply to BDAT LAST
        // (RFC 2033 §4.2).
        if self.lmtp && self.transfer.method == BodyMethod::EagerBdat {
            return Err(Refusal::lmtp(Mail::SPEC.verb, LmtpError::Eager));
        }
        if self.limits_recipients {
            check_whole(envelope, &self.limits)?;
        }
        let summary = summarize(body)?;
        let mut params = self.params(envelope, body, summary)?;
        let bytes = length(body, summary).unwrap_or_default();
        let method = self.method(envelope, body);
        // The commands of a plain envelope are always written, so they are not tried.
        if !envelope.is_plain() || body.line_ends == LineEnds::Binary {
            let binary = body.line_ends == LineEnds::Binary;
            params.offered = envelope.can_be_written(&self.capabilities);
            if binary || !params.offered {
                self.try_commands(envelope, body, params, method)?;
            }
        }
        Ok(SendPlan { params, method, summary, bytes })
    }

    /// How a body travels. A binary one has no other way than chunks (RFC 3030 §3).
    fn method(&self, envelope: &Envelope, body: &Body<'_>) -> BodyMethod {
        let chunks = self.transfer.method != BodyMethod::Data || body.line_ends == LineEnds::Binary;
        if !chunks || !self.chunking {
            return BodyMethod::Data;
        }
        // An eager message is in the flight of its commands, which needs PIPELINING, and a policy
        // that must see the replies to RCPT first cannot have it there.
        let eager = self.transfer.method == BodyMethod::EagerBdat && self.pipelining;
        // After MAIL with TRANSID nothing may follow before its reply (RFC 1845 §4).
        let eager = eager && envelope.mail().parameters().get("TRANSID").is_none();
        // A body that is made for the recipients that were accepted waits for their replies.
        let eager = eager && !body.is_each();
        if eager && envelope.send_policy().permits_one_flight() {
            BodyMethod::EagerBdat
        } else {
            BodyMethod::Bdat
        }
    }

    /// The parameters that MAIL must have for a message.
    fn params(
        &self,
        envelope: &Envelope,
        body: &Body<'_>,
        summary: Option<ContentSummary>,
    ) -> Result<MailParams, Refusal> {
        // MAIL without RCPT would be answered 503 or 554 at DATA (RFC 5321 §4.1.1.4).
        if envelope.rcpts().is_empty() {
            return Err(Refusal::no_recipients());
        }
        let bytes = length(body, summary);
        // A message above the limit that the server has announced would be refused with 552 after
        // MAIL or, at worst, after its last byte (RFC 1870 §6).
        if let (Some(size), Some(bytes)) = (self.size, bytes)
            && let Some(limit) = size.limit().filter(|&limit| limit < bytes)
        {
            return Err(Refusal::too_large(bytes, limit));
        }
        let mut offered = Declared::NONE;
        offered.add_if(self.utf8, Declared::UTF8);
        offered.add_if(self.eight_bit, Declared::EIGHT_BIT);
        eight_bit::check(body, summary, offered)?;
        let kind = if body.line_ends == LineEnds::Binary {
            // Where BINARYMIME is not offered, this parameter makes MAIL unsendable: a binary
            // message has no other form (RFC 3030 §3).
            Some(BodyKind::BinaryMime)
        // A stream may hold anything: it is declared as 8-bit where the server allows that.
        } else if summary.is_none_or(|summary| summary.eight_bit) && self.eight_bit {
            Some(BodyKind::EightBitMime)
        } else {
            None
        };
        Ok(MailParams {
            size: self.size.and(bytes),
            kind,
            // Where SMTPUTF8 is not offered, the encoder refuses each address that needs it: other
            // recipients may still get the message.
            utf8: self.utf8
                && (summary.is_some_and(|summary| summary.utf8_header)
                    || envelope.needs_smtputf8()),
            offered: false,
            // A policy that has decided by the replies to RCPT wants no other decision after the
            // message: the message would go to a part of the recipients.
            prdr: self.prdr
                && envelope.mail().parameters().get("PRDR").is_none()
                // The number of replies must be known, also where the server has the recipients of an
                // earlier session (RFC 1845 §4).
                && envelope.mail().parameters().get("TRANSID").is_none()
                && envelope.rcpts().len() > 1
                && envelope.send_policy().permits_one_flight(),
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
        let line = Line::new(&mut scratch, &self.capabilities, false, Audience::Trusted);
        // Whether the session is safe enough shows when MAIL is written.
        let mut line = line.proven(true);
        command::encode(&mail, &mut line)
            .map_err(|error| Refusal::encode(Mail::SPEC.verb, error))?;
        let declared = line.declared();
        if body.line_ends == LineEnds::Binary && method == BodyMethod::Data {
            return Err(Refusal::content(ContentError::BinaryNeedsBdat));
        }
        // One recipient that can be written is enough: the others are refused one by one later.
        let mut refusal = None;
        for rcpt in envelope.rcpts() {
            scratch.clear();
            let audience = Audience::Trusted;
            let line =
                Line::new(&mut scratch, &self.capabilities, declared.has(Declared::UTF8), audience);
            let mut line = line.tracked(declared.has(Declared::TRACKED));
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

/// The parameters that the library adds to MAIL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MailParams {
    size: Option<u64>,
    kind: Option<BodyKind>,
    utf8: bool,
    /// The server offers each parameter of MAIL, but for those that may be left out.
    offered: bool,
    prdr: bool,
}

impl MailParams {
    /// MAIL with these parameters.
    #[inline]
    pub(crate) fn of(self, mail: &Mail) -> MailWithParams<'_> {
        MailWithParams { mail, params: self }
    }

    /// MAIL that declares its content, with these parameters: each replaces one of its name. The
    /// library knows the content, and a parameter must not stand twice.
    #[cold]
    fn put_into(self, mail: &Mail) -> Mail {
        let mut mail = mail.clone();
        if let Some(bytes) = self.size {
            mail = mail.size(bytes);
        }
        if let Some(kind) = self.kind {
            mail = mail.body(kind);
        }
        if self.prdr {
            mail = mail.with(Prdr);
        }
        if self.utf8 { mail.smtputf8() } else { mail }
    }

    /// Writes the parameters into the line of a MAIL that does not declare its content.
    #[inline]
    fn write(self, line: &mut Line<'_>) {
        if let Some(bytes) = self.size {
            SizeParameter(bytes).write_offered(line);
        }
        if let Some(kind) = self.kind {
            kind.write(line);
        }
        if self.utf8 {
            line.raise_limit(10);
            line.flag("SMTPUTF8");
        }
        if self.prdr {
            Prdr::write_offered(line);
        }
    }
}

/// MAIL of an envelope, which most messages share, with the parameters of one message.
#[derive(Debug)]
pub(crate) struct MailWithParams<'m> {
    mail: &'m Mail,
    params: MailParams,
}

impl Command for MailWithParams<'_> {
    type Reply = <Mail as Command>::Reply;
    const SPEC: CommandSpec = Mail::SPEC;

    #[inline]
    fn encode(&self, line: &mut Line<'_>) {
        let Self { mail, params } = *self;
        if mail.declares_content() {
            return params.put_into(mail).encode(line);
        }
        line.verb(Self::SPEC.verb);
        mail.path().write(line);
        params.write(line);
        if !mail.parameters().is_empty() {
            mail.parameters().write_where(line, params.offered);
        }
    }
}

/// The summary of a message in memory, made before it is sent; none of a stream.
///
/// # Errors
///
/// When no parameter of MAIL can make the message sendable: its content is invalid, or the length
/// that the caller announced is not that of the body.
fn summarize(body: &Body<'_>) -> Result<Option<ContentSummary>, Refusal> {
    body.check_length().map_err(|error| Refusal::body(error.into()))?;
    body.summary().map_err(Refusal::content)
}

/// The length of a message in bytes, where it is known.
fn length(body: &Body<'_>, summary: Option<ContentSummary>) -> Option<u64> {
    summary.map(|summary| summary.bytes).or(body.known_length())
}

/// Checks whether a body may be sent in a transaction whose MAIL has declared these parameters.
///
/// # Errors
///
/// When it may not: bytes beyond ASCII that MAIL has not declared (RFC 6152 §3, RFC 6531 §3.6), or
/// a binary message without BDAT or without `BODY=BINARYMIME` (RFC 3030 §3).
pub(crate) fn check_body(
    body: &Body<'_>,
    declared: Declared,
    method: BodyMethod,
) -> Result<Option<ContentSummary>, Refusal> {
    let summary = summarize(body)?;
    let binary = body.line_ends == LineEnds::Binary;
    if binary && (method == BodyMethod::Data || !declared.has(Declared::BINARY)) {
        return Err(Refusal::content(ContentError::BinaryNeedsBdat));
    }
    eight_bit::check(body, summary, declared)?;
    Ok(summary)
}
