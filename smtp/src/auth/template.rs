//! Messages made of fixed text and of fields: what `initial = "{user}\0{password}"` becomes.
//!
//! The fixed text of a mechanism separates its fields, and a field that holds a separator would be
//! read as two. So the check is made here once: a field must hold no control byte of the text, and
//! not the mark that follows it in the text (`,` in `"n,a={user},"`). A name that may hold such a
//! mark is written as a [saslname](saslname).

use std::borrow::Cow;

use memchr::memchr;

use crate::error::mechanism::MechanismError;
use crate::secret::{AsBytes, FieldBytes, Secret};

/// A part of a message.
#[derive(Clone, Copy)]
pub enum TemplatePart<'a> {
    /// Fixed text.
    Text(&'static [u8]),
    /// A field, by its name.
    Field(&'static str, &'a dyn AsBytes),
    /// A field that must not be empty, by its name.
    Required(&'static str, &'a dyn AsBytes),
}

impl std::fmt::Debug for TemplatePart<'_> {
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
/// When a field that must not be empty is, or a field holds a control byte that the text uses.
pub fn message(pieces: &[TemplatePart<'_>]) -> Result<Secret, MechanismError> {
    let mut bytes = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let (name, field) = match piece {
            TemplatePart::Text(text) => {
                bytes.push(FieldBytes::Borrowed(text));
                continue;
            }
            TemplatePart::Field(name, field) | TemplatePart::Required(name, field) => {
                (name, FieldBytes::from(field.as_bytes()))
            }
        };
        if field.is_empty() && matches!(piece, TemplatePart::Required(..)) {
            return Err(MechanismError::new(format!("`{name}` must not be empty")));
        }
        for separator in separators(pieces).chain(mark_after(pieces, index)) {
            if memchr(separator, &field).is_some() {
                let separator = match separator {
                    b' '..=b'~' => format!("`{}`", char::from(separator)),
                    control => format!("the byte {control:#04x}"),
                };
                return Err(MechanismError::new(format!(
                    "`{name}` holds {separator}, which separates the fields of this mechanism"
                )));
            }
        }
        bytes.push(field);
    }
    let parts: Vec<&[u8]> = bytes.iter().map(|bytes| &**bytes).collect();
    Ok(Secret::concat(&parts))
}

/// The mark that follows a field in the fixed text, and ends it: punctuation or a space. A letter
/// ends nothing.
fn mark_after(pieces: &[TemplatePart<'_>], index: usize) -> Option<u8> {
    match pieces.get(index + 1) {
        Some(TemplatePart::Text([mark, ..])) if mark.is_ascii_punctuation() || *mark == b' ' => {
            Some(*mark)
        }
        _ => None,
    }
}

/// Whether one of the fields is a secret.
pub fn any_secret(fields: &[&dyn AsBytes]) -> bool {
    fields.iter().copied().any(AsBytes::is_secret)
}

/// A name that is written so that it holds neither `,` nor `=`: `#[smtp(saslname)]`.
pub struct SaslName<'a>(&'a dyn AsBytes);

/// A field that is written as a name.
///
/// ```text
/// saslname = 1*(value-safe-char / "=2C" / "=3D")     ; RFC 5802 §7
/// ```
pub fn saslname<T: AsBytes>(field: &T) -> SaslName<'_> {
    SaslName(field)
}

impl std::fmt::Debug for SaslName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaslName(..)")
    }
}

impl AsBytes for SaslName<'_> {
    fn as_bytes(&self) -> Cow<'_, [u8]> {
        let plain = FieldBytes::from(self.0.as_bytes());
        if !plain.iter().any(|byte| b",=".contains(byte)) {
            return self.0.as_bytes();
        }
        // Allocated once: a buffer that grows leaves parts of a secret in the smaller ones.
        let mut escaped = Vec::with_capacity(plain.len() * 3);
        for byte in plain.iter() {
            match byte {
                b',' => escaped.extend_from_slice(b"=2C"),
                b'=' => escaped.extend_from_slice(b"=3D"),
                _ => escaped.push(*byte),
            }
        }
        Cow::Owned(escaped)
    }

    fn is_secret(&self) -> bool {
        self.0.is_secret()
    }
}

/// The control bytes of the fixed text.
fn separators(pieces: &[TemplatePart<'_>]) -> impl Iterator<Item = u8> {
    pieces.iter().flat_map(|piece| match piece {
        TemplatePart::Text(text) => text.iter().copied().filter(u8::is_ascii_control).collect(),
        TemplatePart::Field(..) | TemplatePart::Required(..) => Vec::new(),
    })
}
