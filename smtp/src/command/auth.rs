//! AUTH: begins an authentication exchange.

use smtp_derive::SmtpCommand;

use crate::proto::line::{Argument, Line};
use crate::secret::Secret;

/// The line that begins an exchange; the challenges and responses after it are the mechanism's.
///
/// ```text
/// auth-command     = "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) ...
/// initial-response = base64 / "="      ; RFC 4954 §8
/// ```
///
/// The line has at most 512 bytes: an initial response that does not fit is sent as the answer to
/// an empty challenge (RFC 4954 §4).
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "AUTH", accepts(235, 334), converses, stage = Auth, valid_in())]
pub struct Auth {
    mechanism: Name,
    #[smtp(base64)]
    initial_response: Option<Secret>,
}

impl Auth {
    /// Begins an exchange of the mechanism `mechanism`.
    pub fn new(mechanism: impl Into<String>, initial_response: Option<Secret>) -> Self {
        Self { mechanism: Name(mechanism.into()), initial_response }
    }

    pub(crate) fn has_initial_response(&self) -> bool {
        self.initial_response.is_some()
    }

    /// The same without the initial response, and the response.
    pub(crate) fn defer(mut self) -> (Self, Option<Secret>) {
        let response = self.initial_response.take();
        (self, response)
    }
}

/// The same with the verb X-EXPS, for a server that lists the mechanism under
/// [that keyword](crate::extension::ExchangeMechanisms) alone.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-EXPS", accepts(235, 334), converses, stage = Auth, valid_in())]
pub(crate) struct ExchangeAuth<'a> {
    mechanism: Name,
    #[smtp(base64)]
    initial_response: Option<&'a Secret>,
}

impl<'a> From<&'a Auth> for ExchangeAuth<'a> {
    fn from(Auth { mechanism, initial_response }: &'a Auth) -> Self {
        Self { mechanism: mechanism.clone(), initial_response: initial_response.as_ref() }
    }
}

/// `sasl-mech = 1*20mech-char` (RFC 4422 §3.1), in either case.
#[derive(Clone, Debug)]
pub(crate) struct Name(String);

impl Argument for Name {
    fn write(&self, line: &mut Line<'_>) {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=20).contains(&self.0.len()) && self.0.bytes().all(valid) {
            line.bytes(|buffer| buffer.extend_from_slice(self.0.as_bytes()));
        } else {
            line.reject("is no mechanism's name (RFC 4422 §3.1)");
        }
    }
}
