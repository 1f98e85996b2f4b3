//! The errors of this crate: a text that breaks a rule of the grammar, and a control character in a
//! text that its caller claimed to be valid.

use std::fmt::{self, Display};

use memchr::memchr3;

use crate::escape::Escaped;

/// A text that the grammar does not allow.
///
/// The error of an address shows the address, escaped and cut after 100 characters because it may
/// be hostile. Where the mistake is a frequent one, it says what to do.
///
/// ```
/// use smtp_grammar::Mailbox;
///
/// let error = "a..b@example.com".parse::<Mailbox>().unwrap_err();
/// assert_eq!(error.byte(), Some(1));
/// assert_eq!(
///     error.to_string(),
///     "\"a..b@example.com\": not a valid local part from byte 2 on; \
///      write the part before the @ in quotes: \"a..b\"@example.com"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    what: &'static str,
    kind: Kind,
    /// The address that the text is a part of, escaped, and what to do.
    address: Option<Box<(String, &'static str)>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// The rule breaks at this byte.
    At(usize),
    TooLong {
        bytes: usize,
        limit: usize,
    },
    Because(&'static str),
}

impl SyntaxError {
    pub(crate) fn at(what: &'static str, byte: usize) -> Self {
        Self { what, kind: Kind::At(byte), address: None }
    }

    pub(crate) fn too_long(what: &'static str, bytes: usize, limit: usize) -> Self {
        Self { what, kind: Kind::TooLong { bytes, limit }, address: None }
    }

    pub(crate) fn because(what: &'static str, reason: &'static str) -> Self {
        Self { what, kind: Kind::Because(reason), address: None }
    }

    /// The same error, of a part that begins at this byte of the whole.
    pub(crate) fn shifted(mut self, by: usize) -> Self {
        if let Kind::At(byte) = &mut self.kind {
            *byte += by;
        }
        self
    }

    /// The same error, of an address that is shown with it.
    pub(crate) fn of_address(self, address: &str) -> Self {
        let end = address.char_indices().nth(SHOWN).map(|(end, _)| end);
        let cut = &address[..end.unwrap_or(address.len())];
        let shown = format!("{}{}", Escaped(cut.as_bytes()), end.map_or("", |_| "..."));
        Self { address: Some(Box::new((shown, mend(address)))), ..self }
    }

    /// The byte, counted from 0, at which the text breaks its rule.
    pub fn byte(&self) -> Option<usize> {
        match self.kind {
            Kind::At(byte) => Some(byte),
            _ => None,
        }
    }
}

impl Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        if let Some((address, _)) = self.address.as_deref() {
            write!(f, "\"{address}\": ")?;
        }
        match self.kind {
            Kind::At(byte) => write!(f, "not a valid {what} from byte {} on", byte + 1),
            Kind::TooLong { bytes, limit } => {
                write!(f, "the {what} has {bytes} bytes and may have {limit} at most")
            }
            Kind::Because(reason) => write!(f, "not a valid {what}: {reason}"),
        }?;
        match self.address.as_deref() {
            Some((_, mend)) if !mend.is_empty() => write!(f, "; {mend}"),
            _ => Ok(()),
        }
    }
}

/// Characters of an address that are shown.
const SHOWN: usize = 100;

/// The advice about an invalid address, or nothing where the mistake is not a frequent one.
fn mend(address: &str) -> &'static str {
    if address.trim() != address {
        return "remove the space around it";
    }
    if address.ends_with('>') && address.contains('<') {
        return "give the address alone, without a display name";
    }
    if address.matches('@').count() > 1 && address.contains([',', ';']) {
        return "these are several addresses: give each by itself";
    }
    let Some((local_part, domain)) = address.rsplit_once('@') else {
        return "";
    };
    let dots =
        local_part.starts_with('.') || local_part.ends_with('.') || local_part.contains("..");
    if !local_part.starts_with('"') && (dots || local_part.contains([' ', '(', ')', ',', ':', ';']))
    {
        return "write the part before the @ in quotes: \"a..b\"@example.com";
    }
    if domain.contains('_') {
        return "a domain holds letters, digits, hyphens and dots";
    }
    ""
}

impl std::error::Error for SyntaxError {}

/// A CR, a LF or a NUL in a text that its caller claimed to be valid. No line of SMTP can hold one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    byte: u8,
    at: usize,
}

impl ControlCharacter {
    /// The one check that every `new_unchecked` makes.
    pub(crate) fn none_in(text: &str) -> Result<(), Self> {
        match memchr3(b'\r', b'\n', 0, text.as_bytes()) {
            Some(at) => Err(Self { byte: text.as_bytes()[at], at }),
            None => Ok(()),
        }
    }
}

impl Display for ControlCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} is {:#04x}: remove CR, LF and NUL", self.at + 1, self.byte)
    }
}

impl std::error::Error for ControlCharacter {}
