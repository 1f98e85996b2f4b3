//! Paths: senders and recipients as MAIL and RCPT name them. Each has one value without an address,
//! `<>` and `<Postmaster>`, which is why a path is not a mailbox.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::domain::Domain;
use crate::error::SyntaxError;
use crate::mailbox::Mailbox;

const WHAT: &str = "path";

/// The sender of a message, as MAIL names it.
///
/// ```text
/// Reverse-path = Path / "<>"      ; RFC 5321 §4.1.2
/// ```
///
/// ```
/// use smtp_grammar::ReversePath;
///
/// assert_eq!("<>".parse::<ReversePath>(), Ok(ReversePath::Null));
/// assert_eq!("me@example.org".parse::<ReversePath>().unwrap().as_str(), "<me@example.org>");
/// let error = "<me@example.org".parse::<ReversePath>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid path: it opens with < and has no >");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReversePath {
    /// `<>`: no sender, for messages that must not be answered (RFC 5321 §4.5.5).
    Null,
    /// A sender.
    Mailbox(Mailbox),
}

/// A recipient of a message, as RCPT names it.
///
/// ```text
/// Forward-path = Path
/// rcpt         = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) ...
///                                                    ; RFC 5321 §4.1.1.3, §4.1.2
/// ```
///
/// ```
/// use smtp_grammar::ForwardPath;
///
/// assert_eq!("postmaster".parse::<ForwardPath>(), Ok(ForwardPath::Postmaster));
/// assert_eq!("<you@example.org>".parse::<ForwardPath>().unwrap().as_str(), "<you@example.org>");
/// let error = "".parse::<ForwardPath>().unwrap_err();
/// assert_eq!(error.to_string(), "\"\": not a valid address: it has no @");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ForwardPath {
    /// `<Postmaster>`: the operator of the server.
    Postmaster,
    /// A recipient.
    Mailbox(Mailbox),
}

impl ReversePath {
    /// The sender's address, if there is a sender.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Whether it cannot be written without SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        self.mailbox().is_some_and(Mailbox::needs_smtputf8)
    }
}

impl ForwardPath {
    /// The recipient's address, where it has a domain.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Postmaster => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Whether it cannot be written without SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        self.mailbox().is_some_and(Mailbox::needs_smtputf8)
    }
}

impl FromStr for ReversePath {
    type Err = SyntaxError;

    /// Reads an address with or without its angle brackets; nothing, or `<>`, is the null path.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        match inside(text)? {
            "" => Ok(Self::Null),
            address => address.parse().map(Self::Mailbox),
        }
    }
}

impl FromStr for ForwardPath {
    type Err = SyntaxError;

    /// Reads an address, or `Postmaster` alone, with or without angle brackets.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let address = inside(text)?;
        if address.eq_ignore_ascii_case("postmaster") {
            return Ok(Self::Postmaster);
        }
        address.parse().map(Self::Mailbox)
    }
}

/// The address inside the brackets of a path.
///
/// ```text
/// Path  = "<" [ A-d-l ":" ] Mailbox ">"
/// A-d-l = At-domain *( "," At-domain )      ; RFC 5321 §4.1.2
/// ```
///
/// A source route "MUST BE accepted" and "SHOULD be ignored" (RFC 5321 App. C), so it is dropped.
fn inside(text: &str) -> Result<&str, SyntaxError> {
    let Some(open) = text.strip_prefix('<') else {
        return Ok(text);
    };
    let path =
        open.strip_suffix('>').ok_or(SyntaxError::because(WHAT, "it opens with < and has no >"))?;
    if !path.starts_with('@') {
        return Ok(path);
    }
    let (route, address) =
        path.split_once(':').ok_or(SyntaxError::because(WHAT, "its source route has no end"))?;
    for at_domain in route.split(',') {
        at_domain
            .strip_prefix('@')
            .ok_or(SyntaxError::because(WHAT, "a hop of its route has no @"))?
            .parse::<Domain>()?;
    }
    // Neither the null path nor a bare `Postmaster` has a route.
    if !address.contains('@') {
        return Err(SyntaxError::because(WHAT, "its source route leads to no address"));
    }
    Ok(address)
}

macro_rules! paths {
    ($($path:ident, $empty:ident => $text:literal;)*) => {$(
        impl $path {
            /// The path as it stands on the wire, in its angle brackets.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    Self::$empty => $text,
                    Self::Mailbox(mailbox) => mailbox.as_path(),
                }
            }
        }

        impl Display for $path {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<Mailbox> for $path {
            fn from(mailbox: Mailbox) -> Self {
                Self::Mailbox(mailbox)
            }
        }

        impl From<&Mailbox> for $path {
            fn from(mailbox: &Mailbox) -> Self {
                Self::Mailbox(mailbox.clone())
            }
        }

        impl TryFrom<&str> for $path {
            type Error = SyntaxError;

            fn try_from(text: &str) -> Result<Self, SyntaxError> {
                text.parse()
            }
        }

        impl TryFrom<String> for $path {
            type Error = SyntaxError;

            fn try_from(text: String) -> Result<Self, SyntaxError> {
                text.parse()
            }
        }

        impl TryFrom<&String> for $path {
            type Error = SyntaxError;

            fn try_from(text: &String) -> Result<Self, SyntaxError> {
                text.parse()
            }
        }
    )*};
}

paths! {
    ReversePath, Null => "<>";
    ForwardPath, Postmaster => "<Postmaster>";
}
