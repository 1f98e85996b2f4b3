//! Messages made of fixed text and of fields: what `initial = "{user}\0{password}"` becomes.
//!
//! The fixed text of a mechanism separates its fields, and a field that holds a separator would be
//! read as two. So the check is made here once: a field must hold no control octet of the text, and
//! not the mark that follows it in the text (`,` in `"n,a={user},"`). A name that may hold such a mark
//! is written as a [saslname](saslname).

use std::borrow::Cow;

use memchr::memchr;

use crate::error::mechanism::MechanismError;
use crate::secret::{Octets, Secret};

/// A part of a message.
#[derive(Clone, Copy)]
pub enum Piece<'a> {
    /// Fixed text.
    Text(&'static [u8]),
    /// A field, by its name.
    Field(&'static str, &'a dyn Octets),
    /// A field that must not be empty, by its name.
    Required(&'static str, &'a dyn Octets),
}

impl std::fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{:?}", text.escape_ascii().to_string()),
            Self::Field(name, _) | Self::Required(name, _) => write!(f, "{{{name}}}"),
        }
    }
}

/// Joins the pieces.
///
/// # Errors
///
/// When a field that must not be empty is, or a field holds a control octet that the text uses.
pub fn message(pieces: &[Piece<'_>]) -> Result<Secret, MechanismError> {
    let mut octets = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let (name, field) = match piece {
            Piece::Text(text) => {
                octets.push(Cow::Borrowed(*text));
                continue;
            }
            Piece::Field(name, field) | Piece::Required(name, field) => (name, field.octets()),
        };
        if field.is_empty() && matches!(piece, Piece::Required(..)) {
            return Err(MechanismError::new(format!("`{name}` must not be empty")));
        }
        for separator in separators(pieces).chain(mark_after(pieces, index)) {
            if memchr(separator, &field).is_some() {
                let separator = match separator {
                    b' '..=b'~' => format!("`{}`", char::from(separator)),
                    control => format!("the octet {control:#04x}"),
                };
                return Err(MechanismError::new(format!(
                    "`{name}` holds {separator}, which separates the fields of this mechanism"
                )));
            }
        }
        octets.push(field);
    }
    let parts: Vec<&[u8]> = octets.iter().map(|octets| &**octets).collect();
    Ok(Secret::concat(&parts))
}

/// The mark that follows a field in the fixed text, and ends it: punctuation or a space. A letter
/// ends nothing.
fn mark_after(pieces: &[Piece<'_>], index: usize) -> Option<u8> {
    match pieces.get(index + 1) {
        Some(Piece::Text([mark, ..])) if mark.is_ascii_punctuation() || *mark == b' ' => {
            Some(*mark)
        }
        _ => None,
    }
}

/// Whether one of the fields is a secret.
pub fn any_secret(fields: &[&dyn Octets]) -> bool {
    fields.iter().copied().any(Octets::is_secret)
}

/// A name that is written so that it holds neither `,` nor `=`: `#[smtp(saslname)]`.
pub struct SaslName<'a>(&'a dyn Octets);

/// A field that is written as a name.
///
/// ```text
/// saslname = 1*(value-safe-char / "=2C" / "=3D")     ; RFC 5802 §7
/// ```
pub fn saslname<T: Octets>(field: &T) -> SaslName<'_> {
    SaslName(field)
}

impl std::fmt::Debug for SaslName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaslName(..)")
    }
}

impl Octets for SaslName<'_> {
    fn octets(&self) -> Cow<'_, [u8]> {
        let plain = self.0.octets();
        if !plain.iter().any(|octet| b",=".contains(octet)) {
            return plain;
        }
        let mut escaped = Vec::with_capacity(plain.len() * 3);
        for octet in plain.iter() {
            match octet {
                b',' => escaped.extend_from_slice(b"=2C"),
                b'=' => escaped.extend_from_slice(b"=3D"),
                _ => escaped.push(*octet),
            }
        }
        Cow::Owned(escaped)
    }

    fn is_secret(&self) -> bool {
        self.0.is_secret()
    }
}

/// The control octets of the fixed text.
fn separators(pieces: &[Piece<'_>]) -> impl Iterator<Item = u8> {
    pieces.iter().flat_map(|piece| match piece {
        Piece::Text(text) => text.iter().copied().filter(u8::is_ascii_control).collect(),
        Piece::Field(..) | Piece::Required(..) => Vec::new(),
    })
}
