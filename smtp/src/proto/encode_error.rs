//! Why a command cannot be sent: the one error of the encoder.

use std::fmt::{self, Display};

/// Why a command cannot be sent as it is. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    pub(super) kind: EncodeErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EncodeErrorKind {
    Missing(Box<str>),
    Forbidden(u8),
    NotAscii,
    TooLong { bytes: usize, limit: usize },
    Empty,
    Space,
    Keyword,
    Secret,
    Waits,
    OpensNothing,
    Rejected(String),
}

impl EncodeError {
    /// The server would wait for what is no command.
    pub(super) fn waits() -> Self {
        Self { kind: EncodeErrorKind::Waits }
    }

    /// The server would not wait for a message.
    pub(super) fn opens_nothing() -> Self {
        Self { kind: EncodeErrorKind::OpensNothing }
    }

    /// The EHLO keyword that the command needs and the server does not list.
    pub fn missing_keyword(&self) -> Option<&str> {
        match &self.kind {
            EncodeErrorKind::Missing(keyword) => Some(keyword),
            _ => None,
        }
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
        self.kind == EncodeErrorKind::NotAscii
    }
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            EncodeErrorKind::Missing(keyword) => write!(
                f,
                "the server does not offer {keyword}, which this command needs: leave it out or \
                 use another server"
            ),
            EncodeErrorKind::Forbidden(byte) => write!(
                f,
                "the command holds the byte {byte:#04x}, which would end its line: remove CR, \
                 LF and NUL from its arguments"
            ),
            EncodeErrorKind::NotAscii => f.write_str(
                "the command holds characters beyond ASCII, which need SMTPUTF8: ask for it in \
                 MAIL, or use an ASCII form (RFC 6531)",
            ),
            EncodeErrorKind::TooLong { bytes, limit } => write!(
                f,
                "the command line is {bytes} bytes long and a server need not read more than \
                 {limit}: shorten its arguments (RFC 5321 §4.5.3.1.4)"
            ),
            EncodeErrorKind::Empty => f.write_str("an argument is empty: leave it out or fill it"),
            EncodeErrorKind::Space => f.write_str(
                "an argument holds a space or a control character and would be read as two: quote \
                 it (`SmtpString`) or encode it (`xtext`)",
            ),
            EncodeErrorKind::Keyword => f.write_str(
                "a parameter's keyword has other characters than letters, digits and hyphens \
                 (RFC 5321 §4.1.2)",
            ),
            EncodeErrorKind::Secret => f.write_str(
                "the command holds a secret and the server is not verified: use TLS with \
                 verification, or `dangerous()` where the way to the server is safe by itself",
            ),
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
