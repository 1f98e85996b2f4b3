//! The parts that the mechanisms of a token share.

use super::mechanism::Challenge;
use super::refused::AfterRefusal;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// Finds a name or a token that no server takes.
///
/// ```text
/// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="       ; RFC 6750 §2.1
/// ```
///
/// Tokens of other characters are in use; but none has a space, or a line end after it as a file
/// has.
pub(super) fn check(user: &str, token: &Secret) -> Result<(), MechanismError> {
    if user.chars().any(char::is_control) {
        return Err(MechanismError::new("`user` holds a control character"));
    }
    if !token.expose().iter().all(u8::is_ascii_graphic) {
        return Err(MechanismError::new(
            "`token` holds a space, a line end or another character that no token has",
        ));
    }
    Ok(())
}

/// Characters of a reason that are kept.
const MAX_KEPT: usize = 1024;

/// The reason that a server gives for refusing a token: a JSON object (RFC 7628 §3.2.2), as it came.
#[derive(Debug, Default)]
pub(super) struct ServerError(Option<String>);

impl ServerError {
    /// Reads it from the challenge that comes before the refusal. Text that is not base64 is a reason
    /// all the same.
    pub(super) fn read(challenge: Challenge<'_>) -> Self {
        let reason = challenge.decode().unwrap_or_else(|_| challenge.text().to_vec());
        Self(Some(String::from_utf8_lossy(&reason).chars().take(MAX_KEPT).collect()))
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
