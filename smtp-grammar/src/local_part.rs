//! The part of an address that only its own host can interpret.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::atom::{dot_string, is_quotable, quote, quoted_string, whole};
use crate::error::SyntaxError;

const WHAT: &str = "local part";

/// ```text
/// Local-part = Dot-string / Quoted-string      ; RFC 5321 §4.1.2, at most 64 octets (§4.5.3.1.1)
/// ```
///
/// It is kept decoded and written with as little quoting as it needs: `"abc"` is `abc`. Case
/// matters: only the host knows whether it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalPart(Box<str>);

impl LocalPart {
    /// The most octets that a local part may have on the wire.
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
        let octets = encode(&decoded).len();
        if octets > Self::MAX {
            return Err(SyntaxError::too_long(WHAT, octets, Self::MAX));
        }
        Ok(Self(decoded.into()))
    }

    pub(crate) fn new_unchecked(decoded: &str) -> Self {
        Self(decoded.into())
    }

    /// What it means, without quotes.
    pub fn decoded(&self) -> &str {
        &self.0
    }

    /// Whether it needs no SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
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
        Self::from_decoded(decoded.map_err(|octet| SyntaxError::at(WHAT, octet))?)
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

fn encode(decoded: &str) -> String {
    if whole(dot_string, decoded).is_ok() { decoded.to_owned() } else { quote(decoded) }
}
