//! MTRK: messages whose way can be asked for (RFC 3885).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use smtp_grammar::{Capability, Params, xtext};

use super::optional::MayBeLeftOut;
use super::parameter::{Conditions, MailParameter, Parameter};
use super::unmet::Unmet;

/// The keyword MTRK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTracking;

impl Capability for MessageTracking {
    const KEYWORD: &'static str = "MTRK";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// Asks servers to keep what became of a message, for a client that shows the secret.
///
/// ```text
/// mtrk-parameter = "MTRK=" certifier [ ":" timeout ]
/// certifier      = base64          ; of SHA-1 of the secret
/// timeout        = 1*9DIGIT        ; RFC 3885 §4
/// ```
///
/// MAIL must have an [`EnvelopeId`](super::EnvelopeId) of the form `local@host` beside it, and
/// each RCPT of its transaction an [`OriginalRecipient`](super::OriginalRecipient): one without is
/// not sent. The base64 is written without `=`, which no value of a parameter can hold
/// (RFC 5321 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracking {
    certifier: [u8; 20],
    timeout: Option<u32>,
}

impl Tracking {
    /// `certifier` is SHA-1 of the secret, which has 128 to 1024 random bits.
    pub const fn new(certifier: [u8; 20]) -> Self {
        Self { certifier, timeout: None }
    }

    /// For so many seconds, from 1 to 999 999 999; `None` for another number.
    #[must_use]
    pub fn timeout(self, seconds: u32) -> Option<Self> {
        let valid = (1..=999_999_999).contains(&seconds);
        valid.then_some(Self { timeout: Some(seconds), ..self })
    }
}

impl MailParameter for Tracking {
    fn into_parameter(self) -> Parameter {
        let certifier = STANDARD_NO_PAD.encode(self.certifier);
        let value = match self.timeout {
            Some(timeout) => format!("{certifier}:{timeout}"),
            None => certifier,
        };
        Parameter::new("MTRK", value, MessageTracking::KEYWORD).raises(40).needs_own(a_unique_name)
    }
}

impl MayBeLeftOut for Tracking {}

/// "ENVID ... MUST be supplied", as `local@fqhn` (RFC 3885 §4).
pub(super) fn a_unique_name(conditions: &Conditions<'_>) -> Result<(), Unmet> {
    if conditions.is_left_out("ENVID") {
        return Err(Unmet::by_server("ENVID is left out, and MTRK needs it"));
    }
    let Some(id) = conditions.other("ENVID") else {
        return Err(Unmet::by_caller("it needs ENVID: give an `EnvelopeId` too (RFC 3885 §4)"));
    };
    let id = xtext::decode(id).unwrap_or_default();
    match id.iter().position(|&byte| byte == b'@') {
        Some(at) if at > 0 && at + 1 < id.len() => Ok(()),
        _ => Err(Unmet::by_caller(
            "ENVID has not the form local@host, which it needs: give one that has (RFC 3885 §4)",
        )),
    }
}
