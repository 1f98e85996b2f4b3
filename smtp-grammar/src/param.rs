//! Parameters of MAIL and RCPT: a keyword, and a value where it has one. Extensions define them.

use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::atom::is_utf8_non_ascii;
use crate::error::{ControlCharacter, SyntaxError};

/// The keyword of a parameter.
///
/// ```text
/// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")      ; RFC 5321 §4.1.2
/// ```
///
/// EHLO keywords follow the same rule (§4.1.1.1). Equality ignores case.
///
/// ```
/// use smtp_grammar::EsmtpKeyword;
///
/// assert_eq!("BODY".parse::<EsmtpKeyword>(), "Body".parse::<EsmtpKeyword>());
/// let error = "X_BODY".parse::<EsmtpKeyword>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid keyword from byte 2 on");
/// ```
#[derive(Clone, Debug)]
pub struct EsmtpKeyword(Box<str>);

impl EsmtpKeyword {
    /// A keyword that its caller has validated already.
    ///
    /// # Errors
    ///
    /// When it holds a CR, a LF or a NUL.
    pub fn new_unchecked(keyword: impl Into<String>) -> Result<Self, ControlCharacter> {
        let keyword = keyword.into();
        ControlCharacter::none_in(&keyword)?;
        Ok(Self(keyword.into()))
    }

    /// The keyword as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EsmtpKeyword {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let valid =
            |(at, byte): (usize, u8)| byte.is_ascii_alphanumeric() || (byte == b'-' && at > 0);
        match text.bytes().enumerate().position(|indexed| !valid(indexed)) {
            None if !text.is_empty() => Ok(Self(text.into())),
            at => Err(SyntaxError::at("keyword", at.unwrap_or(0))),
        }
    }
}

impl Display for EsmtpKeyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for EsmtpKeyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EsmtpKeyword {}

impl Hash for EsmtpKeyword {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_uppercase());
        }
    }
}

/// The value of a parameter.
///
/// ```text
/// esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)      ; RFC 5321 §4.1.2, RFC 6531 §3.3
/// ```
///
/// ```
/// use smtp_grammar::EsmtpValue;
///
/// assert_eq!("8BITMIME".parse::<EsmtpValue>().unwrap().as_str(), "8BITMIME");
/// let error = "a b".parse::<EsmtpValue>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid value from byte 2 on");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EsmtpValue(Box<str>);

impl EsmtpValue {
    /// A value that its caller has validated already, such as one with the `=` that some
    /// extensions define against the rule.
    ///
    /// # Errors
    ///
    /// When it holds a CR, a LF or a NUL.
    pub fn new_unchecked(value: impl Into<String>) -> Result<Self, ControlCharacter> {
        let value = value.into();
        ControlCharacter::none_in(&value)?;
        Ok(Self(value.into()))
    }

    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EsmtpValue {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let valid = |c: char| matches!(c, '!'..='<' | '>'..='~') || is_utf8_non_ascii(c);
        match text.char_indices().find(|&(_, c)| !valid(c)) {
            None if !text.is_empty() => Ok(Self(text.into())),
            found => Err(SyntaxError::at("value", found.map_or(0, |(at, _)| at))),
        }
    }
}

impl Display for EsmtpValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A parameter of MAIL or RCPT, such as `BODY=8BITMIME`.
///
/// ```text
/// esmtp-param = esmtp-keyword ["=" esmtp-value]      ; RFC 5321 §4.1.2
/// ```
///
/// ```
/// use smtp_grammar::EsmtpParam;
///
/// let param = "SIZE=1000".parse::<EsmtpParam>().unwrap();
/// assert_eq!(param.keyword().as_str(), "SIZE");
/// assert_eq!(param.value().map(|value| value.as_str()), Some("1000"));
/// let error = "SIZE=".parse::<EsmtpParam>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid value from byte 1 on");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EsmtpParam {
    keyword: EsmtpKeyword,
    value: Option<EsmtpValue>,
}

impl EsmtpParam {
    /// A keyword, and a value where it has one.
    pub fn new(keyword: EsmtpKeyword, value: Option<EsmtpValue>) -> Self {
        Self { keyword, value }
    }

    /// The keyword.
    pub fn keyword(&self) -> &EsmtpKeyword {
        &self.keyword
    }

    /// The value, where there is one.
    pub fn value(&self) -> Option<&EsmtpValue> {
        self.value.as_ref()
    }
}

impl FromStr for EsmtpParam {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let (keyword, value) = match text.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value.parse()?)),
            None => (text, None),
        };
        Ok(Self::new(keyword.parse()?, value))
    }
}

impl Display for EsmtpParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.keyword, f)?;
        match &self.value {
            Some(value) => write!(f, "={value}"),
            None => Ok(()),
        }
    }
}

macro_rules! from_text {
    ($($name:ident),*) => {$(
        impl TryFrom<&str> for $name {
            type Error = SyntaxError;

            fn try_from(text: &str) -> Result<Self, SyntaxError> {
                text.parse()
            }
        }
    )*};
}

from_text!(EsmtpKeyword, EsmtpValue, EsmtpParam);
