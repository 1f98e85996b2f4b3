//! Mailboxes: addresses as envelopes hold them, a local part and a host.

use std::fmt::{self, Debug, Display};
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use crate::domain::Domain;
use crate::error::{ControlCharacter, SyntaxError};
use crate::host::Host;
use crate::local_part::LocalPart;

const WHAT: &str = "address";

/// An address, such as `user@example.org`.
///
/// ```text
/// Mailbox = Local-part "@" ( Domain / address-literal )      ; RFC 5321 §4.1.2
/// ```
///
/// It has at most 254 bytes, so that it fits into a path (§4.5.3.1.3). It has no display name, no
/// comment and no blank: those belong to the headers of a message.
///
/// A clone shares its text, as one address goes into envelopes, commands and receipts.
///
/// ```
/// use smtp_grammar::Mailbox;
///
/// let mailbox = "user@Example.org".parse::<Mailbox>().unwrap();
/// assert_eq!(mailbox.local_part().decoded(), "user");
/// let error = "user.example.org".parse::<Mailbox>().unwrap_err();
/// assert_eq!(error.to_string(), "\"user.example.org\": not a valid address: it has no @");
/// ```
#[derive(Clone)]
pub struct Mailbox(Arc<Parts>);

struct Parts {
    local_part: LocalPart,
    host: Host,
    /// The address in angle brackets, as MAIL and RCPT write it.
    path: Box<str>,
    needs_smtputf8: bool,
}

impl Mailbox {
    /// The most bytes that an address may have.
    pub const MAX: usize = 254;

    /// Puts an address together.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub fn new(local_part: LocalPart, host: Host) -> Result<Self, SyntaxError> {
        // A-labels spare the address SMTPUTF8. A local part in UTF-8 needs SMTPUTF8 anyway, and
        // then the domain may be written in U-labels too (RFC 6531 §3.2).
        let path = match &host {
            Host::Domain(domain) if !local_part.is_ascii() => {
                format!("<{local_part}@{}>", domain.as_unicode())
            }
            host => format!("<{local_part}@{host}>"),
        };
        let bytes = path.len() - "<>".len();
        if bytes > Self::MAX {
            return Err(SyntaxError::too_long(WHAT, bytes, Self::MAX));
        }
        Ok(Self::from_parts(local_part, host, path))
    }

    /// An address that its caller has validated already. It is sent as it is.
    ///
    /// # Errors
    ///
    /// When it holds a CR, a LF or a NUL.
    pub fn new_unchecked(address: impl Into<String>) -> Result<Self, ControlCharacter> {
        let address = address.into();
        ControlCharacter::none_in(&address)?;
        let (local_part, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
        let local_part = LocalPart::new_unchecked(local_part)?;
        let host = Host::Domain(Domain::new_unchecked(domain)?);
        Ok(Self::from_parts(local_part, host, format!("<{address}>")))
    }

    fn from_parts(local_part: LocalPart, host: Host, path: String) -> Self {
        let needs_smtputf8 = !path.is_ascii();
        Self(Arc::new(Parts { local_part, host, path: path.into(), needs_smtputf8 }))
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &LocalPart {
        &self.0.local_part
    }

    /// The part after the `@`.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// The address as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0.path[1..self.0.path.len() - 1]
    }

    /// The address as it was given, with U-labels where its domain had them. On the wire the domain
    /// is in A-labels, unless the local part needs SMTPUTF8 anyway.
    pub fn to_unicode(&self) -> String {
        match self.host().domain() {
            Some(domain) if domain.as_unicode() != domain.as_str() => {
                format!("{}@{}", self.local_part(), domain.as_unicode())
            }
            _ => self.as_str().to_owned(),
        }
    }

    /// The address in angle brackets.
    #[inline]
    pub(crate) fn as_path(&self) -> &str {
        &self.0.path
    }

    /// Whether it cannot be written without SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        self.0.needs_smtputf8
    }
}

impl FromStr for Mailbox {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        // A host never holds an `@`, so the last one separates, also where the local part quotes
        // another.
        let Some((local_part, host)) = text.rsplit_once('@') else {
            return Err(SyntaxError::because(WHAT, "it has no @").of_address(text));
        };
        let host = || {
            host.parse()
                .map_err(|error: SyntaxError| error.shifted(local_part.len() + '@'.len_utf8()))
        };
        let address = || Self::new(local_part.parse()?, host()?);
        address().map_err(|error| error.of_address(text))
    }
}

impl TryFrom<&str> for Mailbox {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl TryFrom<String> for Mailbox {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// The address alone: errors that hold addresses are printed by their `Debug` where a program ends
// with one.
impl Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({self})")
    }
}

impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        self.0.local_part == other.0.local_part && self.0.host == other.0.host
    }
}

impl Eq for Mailbox {}

impl Hash for Mailbox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.local_part.hash(state);
        self.0.host.hash(state);
    }
}
