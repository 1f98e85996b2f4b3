//! The reason that a server gives for refusing a token (RFC 7628 §3.2.2).

use super::mechanism::Challenge;
use super::refused::AfterRefusal;
use crate::error::mechanism::MechanismError;

/// Characters that are kept.
const MAX_KEPT: usize = 1024;

/// A JSON object, as it came.
#[derive(Debug, Default)]
pub(super) struct ServerError(Option<String>);

impl ServerError {
    /// Reads it from the challenge that comes before the refusal.
    pub(super) fn read(challenge: Challenge<'_>) -> Result<Self, MechanismError> {
        let reason = challenge.decode()?;
        Ok(Self(Some(String::from_utf8_lossy(&reason).chars().take(MAX_KEPT).collect())))
    }

    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The reason in the error.
    pub(super) fn explain(&self) -> AfterRefusal {
        match &self.0 {
            Some(reason) if !reason.trim().is_empty() => {
                let shown: String = reason.trim().chars().map(shown).collect();
                AfterRefusal::Explain(format!("the server's reason: {shown}").into())
            }
            _ => AfterRefusal::Stop,
        }
    }
}

/// A character that an error can show on one line.
fn shown(character: char) -> char {
    let moves_text = matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || moves_text { char::REPLACEMENT_CHARACTER } else { character }
}
