//! Hosts: the argument of EHLO, and the part of an address after the `@`. Both may be a name or an
//! address literal.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::domain::Domain;
use crate::error::SyntaxError;
use crate::literal::AddressLiteral;

/// A host by its name, or by its address where it has no name.
///
/// ```text
/// Domain / address-literal      ; RFC 5321 §4.1.1.1, §4.1.2
/// ```
///
/// ```
/// use smtp_grammar::Host;
///
/// assert!("mail.example.org".parse::<Host>().unwrap().domain().is_some());
/// assert!("[192.0.2.1]".parse::<Host>().unwrap().domain().is_none());
/// let error = "mail.example.".parse::<Host>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid domain: leave out the dot at its end");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name.
    Domain(Domain),
    /// An address, for hosts without a name.
    Literal(AddressLiteral),
}

impl Host {
    /// The name, where it is one.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Domain(domain) => Some(domain),
            Self::Literal(_) => None,
        }
    }
}

impl From<Domain> for Host {
    fn from(domain: Domain) -> Self {
        Self::Domain(domain)
    }
}

impl From<AddressLiteral> for Host {
    fn from(literal: AddressLiteral) -> Self {
        Self::Literal(literal)
    }
}

impl FromStr for Host {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        if text.starts_with('[') {
            text.parse().map(Self::Literal)
        } else {
            text.parse().map(Self::Domain)
        }
    }
}

impl TryFrom<&str> for Host {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => Display::fmt(domain, f),
            Self::Literal(literal) => Display::fmt(literal, f),
        }
    }
}
