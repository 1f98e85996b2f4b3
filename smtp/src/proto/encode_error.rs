//! The one error of the encoder: the reason why a command cannot be sent.

use std::fmt::{self, Display};

use smtp_grammar::{EnhancedStatusCode, Escaped};

/// Why a command cannot be sent as it is. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    pub(super) kind: EncodeErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EncodeErrorKind {
    Missing(Box<str>),
    Forbidden {
        byte: u8,
        value: Value,
    },
    /// `offered` says that the server would take it in a transaction with SMTPUTF8.
    NotAscii {
        value: Value,
        offered: bool,
    },
    TooLong {
        bytes: usize,
        limit: usize,
    },
    /// It is empty after this.
    Empty(Value),
    Space(Value),
    Keyword(Value),
    Secret,
    /// This parameter must not be sent without TLS and a server that has proved its name.
    NeedsTls(Box<str>),
    /// This parameter must not be sent, and why.
    Parameter {
        keyword: Box<str>,
        reason: Box<str>,
    },
    Waits,
    OpensNothing,
    Rejected(Box<str>),
}

/// The part of a command that is wrong, escaped and bounded; none where it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value(Option<Box<str>>);

/// Bytes of a value that are shown.
const MAX_SHOWN: usize = 80;

impl Value {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut shown = Escaped(&bytes[..bytes.len().min(MAX_SHOWN)]).to_string();
        if bytes.len() > MAX_SHOWN {
            shown.push_str("...");
        }
        Self(Some(shown.into()))
    }

    pub(super) fn secret() -> Self {
        Self(None)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(shown) => write!(f, "\"{shown}\""),
            None => f.write_str("a secret"),
        }
    }
}

impl EncodeError {
    /// The server would wait for a line that is no command.
    pub(super) fn waits() -> Self {
        Self { kind: EncodeErrorKind::Waits }
    }

    /// The server would not wait for a message.
    pub(super) fn opens_nothing() -> Self {
        Self { kind: EncodeErrorKind::OpensNothing }
    }

    /// A parameter must not be sent.
    pub(crate) fn parameter(keyword: &str, reason: impl Into<Box<str>>) -> Self {
        let keyword = Escaped(keyword.as_bytes()).to_string().into();
        Self { kind: EncodeErrorKind::Parameter { keyword, reason: reason.into() } }
    }

    /// The RCPT of a message that is tracked says nothing of the first address (RFC 3885 §4).
    pub(super) fn untracked() -> Self {
        Self::parameter(
            "ORCPT",
            "the recipient lacks it, and MTRK needs it: give an `OriginalRecipient` (RFC 3885 §4)",
        )
    }

    /// A parameter must not be sent in this session.
    pub(super) fn needs_tls(keyword: &str) -> Self {
        Self { kind: EncodeErrorKind::NeedsTls(Escaped(keyword.as_bytes()).to_string().into()) }
    }

    /// The EHLO keyword that the command needs and the server does not list.
    pub fn missing_keyword(&self) -> Option<&str> {
        match &self.kind {
            EncodeErrorKind::Missing(keyword) => Some(keyword),
            _ => None,
        }
    }

    /// The meaning of the error as an enhanced status code (RFC 3463), for a report about the
    /// message. `None` of errors that are not in this table:
    ///
    /// | code | |
    /// |---|---|
    /// | 5.6.3 | the server does not offer 8BITMIME, BINARYMIME or CHUNKING, so the content would have to be converted |
    /// | 5.6.7 | an address needs SMTPUTF8, which the server does not offer or MAIL did not ask for (RFC 6531 §3.5) |
    /// | 5.7.10 | the session is not safe enough for REQUIRETLS (RFC 8689 §4.2.1) |
    /// | 5.7.30 | the server does not offer REQUIRETLS |
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        let (subject, detail) = match &self.kind {
            EncodeErrorKind::Missing(keyword) => match &*keyword.to_ascii_uppercase() {
                "8BITMIME" | "BINARYMIME" | "CHUNKING" => (6, 3),
                "SMTPUTF8" => (6, 7),
                "REQUIRETLS" => (7, 30),
                _ => return None,
            },
            EncodeErrorKind::NotAscii { .. } => (6, 7),
            EncodeErrorKind::NeedsTls(_) => (7, 10),
            _ => return None,
        };
        EnhancedStatusCode::new(5, subject, detail)
    }

    /// Whether the command has more bytes than a server need read.
    pub fn is_too_long(&self) -> bool {
        matches!(self.kind, EncodeErrorKind::TooLong { .. })
    }

    /// Whether the command holds a secret, and the server is not verified.
    pub fn reveals_secret(&self) -> bool {
        self.kind == EncodeErrorKind::Secret
    }

    /// Whether the command needs SMTPUTF8, which the transaction has not agreed on.
    pub fn needs_smtputf8(&self) -> bool {
        matches!(self.kind, EncodeErrorKind::NotAscii { .. })
    }
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            EncodeErrorKind::Missing(keyword) if keyword.eq_ignore_ascii_case("REQUIRETLS") => f
                .write_str(
                    "the server does not offer REQUIRETLS inside TLS, so it does not promise TLS \
                     for the rest of the way: use another server, or send without it (5.7.30, \
                     RFC 8689 §4.2.1)",
                ),
            EncodeErrorKind::Missing(keyword) => write!(
                f,
                "the server does not offer {keyword}, which this command needs: leave it out or \
                 use another server"
            ),
            EncodeErrorKind::Forbidden { byte, value } => write!(
                f,
                "{value} holds the byte {byte:#04x}, which would end the line: remove CR, LF and \
                 NUL from it"
            ),
            EncodeErrorKind::NotAscii { value, offered: false } => write!(
                f,
                "{value} holds characters beyond ASCII, and the server does not offer SMTPUTF8 \
                 (RFC 6531): use an ASCII form of it, or another server"
            ),
            EncodeErrorKind::NotAscii { value, offered: true } => write!(
                f,
                "{value} holds characters beyond ASCII, which need SMTPUTF8: ask for it in MAIL, \
                 or use an ASCII form (RFC 6531)"
            ),
            EncodeErrorKind::TooLong { bytes, limit } => write!(
                f,
                "the command line is {bytes} bytes long and a server need not read more than \
                 {limit}: shorten its arguments (RFC 5321 §4.5.3.1.4)"
            ),
            EncodeErrorKind::Empty(after) => {
                write!(f, "the argument after {after} is empty: leave it out or fill it")
            }
            EncodeErrorKind::Space(value) => write!(
                f,
                "{value} holds a space or a control character and would be read as two arguments: \
                 quote it (`SmtpString`) or encode it (`xtext`)"
            ),
            EncodeErrorKind::Keyword(value) => write!(
                f,
                "{value} is no keyword of a parameter, which has letters, digits and hyphens alone \
                 (RFC 5321 §4.1.2)"
            ),
            EncodeErrorKind::Secret => f.write_str(
                "the command holds a secret and the server is not verified: use TLS with \
                 verification, or `dangerous()` where the way to the server is safe by itself (there is \
                 no such door after `connect_opportunistic`)",
            ),
            EncodeErrorKind::NeedsTls(keyword) => write!(
                f,
                "{keyword} needs TLS, and a server that has proved its name by a trusted root, the \
                 operating system or a pin: connect with `TlsConfig::new()` or your own roots, and \
                 not opportunistically (5.7.10, RFC 8689 §4.2.1)"
            ),
            EncodeErrorKind::Parameter { keyword, reason } => write!(f, "{keyword}: {reason}"),
            EncodeErrorKind::Waits => f.write_str(
                "it accepts a 3yz, after which the server waits for what is no command: send it \
                 with `exchange` or `content`, or accept no 3yz",
            ),
            EncodeErrorKind::OpensNothing => f.write_str(
                "it accepts a reply after which the server does not wait for a message: a command \
                 that opens content accepts 354 alone",
            ),
            EncodeErrorKind::Rejected(reason) => write!(f, "the argument {reason}"),
        }
    }
}

impl std::error::Error for EncodeError {}
