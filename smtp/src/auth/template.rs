//! Messages made of fixed text and of fields: what `initial = "{user}\0{password}"` becomes.
//!
//! The fixed text of a mechanism separates its fields by octets that no field may hold, so the
//! check can be made here once: a field with a control octet of the text is refused.

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
    for piece in pieces {
        let (Piece::Field(name, field) | Piece::Required(name, field)) = piece else {
            continue;
        };
        let octets = field.octets();
        if octets.is_empty() && matches!(piece, Piece::Required(..)) {
            return Err(MechanismError::new(format!("`{name}` must not be empty")));
        }
        for separator in separators(pieces) {
            if memchr(separator, octets).is_some() {
                return Err(MechanismError::new(format!(
                    "`{name}` holds the octet {separator:#04x}, which separates the fields of \
                     this mechanism"
                )));
            }
        }
    }
    let parts: Vec<&[u8]> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Field(_, field) | Piece::Required(_, field) => field.octets(),
        })
        .collect();
    Ok(Secret::concat(&parts))
}

/// The control octets of the fixed text.
fn separators(pieces: &[Piece<'_>]) -> impl Iterator<Item = u8> {
    pieces.iter().flat_map(|piece| match piece {
        Piece::Text(text) => text.iter().copied().filter(u8::is_ascii_control).collect(),
        Piece::Field(..) | Piece::Required(..) => Vec::new(),
    })
}
