//! Local parts: the part of an address before the `@`, which only its host can interpret.

use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::atom::{dot_string, is_quotable, quote, quoted_string, whole};
use crate::error::{ControlCharacter, SyntaxError};

const WHAT: &str = "local part";

/// The part of an address before the `@`.
///
/// ```text
/// Local-part = Dot-string / Quoted-string      ; RFC 5321 §4.1.2, at most 64 bytes (§4.5.3.1.1)
/// ```
///
/// It is kept decoded and written with as little quoting as it needs: `"abc"` is `abc`. Equality
/// respects case, because only the host knows whether case matters; `postmaster` is the one
/// exception (§4.5.1).
///
/// ```
/// use smtp_grammar::LocalPart;
///
/// assert_eq!("\"abc\"".parse::<LocalPart>().unwrap().to_string(), "abc");
/// let error = "a b".parse::<LocalPart>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid local part from byte 2 on");
/// ```
#[derive(Clone, Debug)]
pub struct LocalPart(Box<str>);

impl LocalPart {
    /// The most bytes that a local part may have on the wire.
    pub const MAX: usize = 64;

    /// The local part that means `decoded`, which is quoted where it must be.
    ///
    /// # Errors
    ///
    /// When `decoded` holds characters that no quoting allows, or is too long.
    pub fn from_decoded(decoded: impl Into<String>) -> Result<Self, SyntaxError> {
        let decoded = decoded.into();
        if !is_quotable(&decoded) {
            return Err(SyntaxError::because(
                WHAT,
                "it holds control characters, which no mailbox may have",
            ));
        }
        let bytes = encode(&decoded).len();
        if bytes > Self::MAX {
            return Err(SyntaxError::too_long(WHAT, bytes, Self::MAX));
        }
        Ok(Self(decoded.into()))
    }

    /// A local part that its caller has validated already, decoded.
    ///
    /// # Errors
    ///
    /// When it holds a CR, a LF or a NUL.
    pub fn new_unchecked(decoded: impl Into<String>) -> Result<Self, ControlCharacter> {
        let decoded = decoded.into();
        ControlCharacter::none_in(&decoded)?;
        Ok(Self(decoded.into()))
    }

    /// The decoded text, without quotes.
    pub fn decoded(&self) -> &str {
        &self.0
    }

    /// Whether it needs no SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The key of equality, order and hash: "postmaster" is "case-insensitive" (§4.5.1).
    fn key(&self) -> &str {
        const POSTMASTER: &str = "postmaster";
        if self.0.eq_ignore_ascii_case(POSTMASTER) { POSTMASTER } else { &self.0 }
    }
}

impl FromStr for LocalPart {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let decoded = if text.starts_with('"') {
            whole(quoted_string, text)
        } else {
            whole(dot_string, text).map(str::to_owned)
        };
        let decoded = decoded.map_err(|byte| SyntaxError::at(WHAT, byte))?;
        // Quotes and backslashes count, also those that `Display` does not write again: the limit
        // is of the text as it was given.
        if text.len() > Self::MAX {
            return Err(SyntaxError::too_long(WHAT, text.len(), Self::MAX));
        }
        Self::from_decoded(decoded)
    }
}

impl TryFrom<&str> for LocalPart {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

impl PartialEq for LocalPart {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for LocalPart {}

impl Hash for LocalPart {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for LocalPart {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LocalPart {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

fn encode(decoded: &str) -> String {
    if whole(dot_string, decoded).is_ok() { decoded.to_owned() } else { quote(decoded) }
}
