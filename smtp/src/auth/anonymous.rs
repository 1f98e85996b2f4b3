//! ANONYMOUS: no identity at all, and a trace of who asks (RFC 4505).

use super::mechanism::{Challenge, Mechanism, Step};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism ANONYMOUS.
///
/// ```text
/// message = [ email / token ]      ; RFC 4505 §2
/// token   = 1*255TCHAR             ; without "@"
/// ```
///
/// The trace is for the log of the server's operator. It is no secret, and proves nothing.
#[derive(Clone, Debug, Default)]
pub struct Anonymous {
    trace: String,
}

/// Characters that a trace may have.
const MAX_TRACE: usize = 255;

impl Anonymous {
    /// Says nothing about who asks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves a trace: an address, or up to 255 characters without `@`.
    #[must_use]
    pub fn trace(mut self, trace: impl Into<String>) -> Self {
        self.trace = trace.into();
        self
    }
}

impl Mechanism for Anonymous {
    fn name(&self) -> &'static str {
        "ANONYMOUS"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        let trace = &self.trace;
        if trace.chars().count() > MAX_TRACE {
            return Err(MechanismError::new(format!(
                "the trace has more than {MAX_TRACE} characters"
            )));
        }
        if trace.chars().any(char::is_control) {
            return Err(MechanismError::new("the trace holds a control character"));
        }
        Ok(Some(Secret::from(trace.as_str())))
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        Err(challenge.unexpected())
    }

    fn is_one_round(&self) -> bool {
        true
    }
}
