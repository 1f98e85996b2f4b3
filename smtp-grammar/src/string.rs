//! Strings: text as an argument of VRFY, EXPN, HELP and NOOP, quoted where it must be.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::atom::{is_atext, is_quotable, quote};
use crate::error::{ControlCharacter, SyntaxError};
use crate::mailbox::Mailbox;

/// Text as an argument of a command.
///
/// ```text
/// String = Atom / Quoted-string      ; RFC 5321 §4.1.2
/// ```
///
/// It is kept decoded, and quoted on output where it must be. An address is not quoted, although
/// it is no atom: no server would find the user.
///
/// ```
/// use smtp_grammar::SmtpString;
///
/// assert_eq!("two words".parse::<SmtpString>().unwrap().to_string(), "\"two words\"");
/// let error = "two\r\nlines".parse::<SmtpString>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "not a valid string: it holds control characters, which no command may hold"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SmtpString(Box<str>);

impl SmtpString {
    /// A text that its caller has validated already, without quotes.
    ///
    /// # Errors
    ///
    /// When it holds a CR, a LF or a NUL.
    pub fn new_unchecked(text: impl Into<String>) -> Result<Self, ControlCharacter> {
        let text = text.into();
        ControlCharacter::none_in(&text)?;
        Ok(Self(text.into()))
    }

    /// The text without quotes.
    pub fn decoded(&self) -> &str {
        &self.0
    }
}

impl FromStr for SmtpString {
    type Err = SyntaxError;

    /// Takes the decoded text: a quote in it is a character of the text.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        if is_quotable(text) {
            Ok(Self(text.into()))
        } else {
            Err(SyntaxError::because(
                "string",
                "it holds control characters, which no command may hold",
            ))
        }
    }
}

impl TryFrom<&str> for SmtpString {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl From<&Mailbox> for SmtpString {
    fn from(mailbox: &Mailbox) -> Self {
        Self(mailbox.as_str().into())
    }
}

impl Display for SmtpString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c| is_atext(c) || c == '.' || c == '@';
        if !self.0.is_empty() && (self.0.chars().all(plain) || self.0.parse::<Mailbox>().is_ok()) {
            f.write_str(&self.0)
        } else {
            f.write_str(&quote(&self.0))
        }
    }
}
