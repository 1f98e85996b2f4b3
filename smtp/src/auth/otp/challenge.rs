//! The challenge of OTP: which password of which chain the server asks for.

use std::ops::RangeInclusive;

use super::chain::Algorithm;
use crate::error::mechanism::MechanismError;

/// A challenge.
///
/// ```text
/// otp-challenge      = "otp-" algorithm SP sequence SP seed             ; RFC 2289 §6
/// extended-challenge = otp-challenge 1*LWSP-char capability-list        ; RFC 2243 §2.1
/// capability-list    = "ext" *("," extension-set-id)
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OtpChallenge {
    pub(super) algorithm: Algorithm,
    pub(super) sequence: u32,
    pub(super) seed: String,
}

/// More than any challenge has: 16 characters of a seed, and a list of four extensions.
const MAX_CHALLENGE: usize = 1024;

impl OtpChallenge {
    pub(super) fn parse(text: &[u8]) -> Result<Self, MechanismError> {
        let text = std::str::from_utf8(text).map_err(|_| unreadable())?;
        if text.len() > MAX_CHALLENGE {
            return Err(unreadable());
        }
        // "separated by a white space (defined as any number of spaces and/or tabs)", and a line
        // end is allowed after the last.
        let mut words = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
        let (Some(name), Some(sequence), Some(seed), extensions, None) =
            (words.next(), words.next(), words.next(), words.next(), words.next())
        else {
            return Err(unreadable());
        };
        let algorithm = name.strip_prefix("otp-").ok_or_else(unreadable)?;
        let (sequence, seed) = (read_sequence(sequence)?, check_seed(seed)?);
        let algorithm = Algorithm::parse(algorithm)?;
        // "MUST NOT send a response type for which the server has not indicated support through an
        // extended challenge" (RFC 2243 §2.2).
        if extensions.and_then(|list| list.split(',').next()) != Some("ext") {
            return Err(MechanismError::new(
                "the server's challenge does not allow extended responses (`ext`), which this \
                 mechanism sends (RFC 2444)",
            ));
        }
        Ok(Self { algorithm, sequence, seed: seed.to_owned() })
    }

    /// Checks that this password may be computed.
    pub(super) fn check(&self, allowed: &RangeInclusive<u32>) -> Result<(), MechanismError> {
        if self.sequence == 0 {
            return Err(exhausted());
        }
        if !allowed.contains(&self.sequence) {
            return Err(MechanismError::new(format!(
                "the server asks for one-time password number {}, and {} to {} are allowed \
                 (`Otp::sequences`): too low a number may be an attacker's, too high a one takes \
                 long",
                self.sequence,
                allowed.start(),
                allowed.end(),
            )));
        }
        Ok(())
    }
}

/// The number of a password. One that is greater than any number here is the greatest.
fn read_sequence(text: &str) -> Result<u32, MechanismError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable());
    }
    if digits.len() < text.len() {
        return Err(exhausted());
    }
    // Digits alone: the one error left is that there are too many.
    Ok(text.parse().unwrap_or(u32::MAX))
}

/// "The seed MUST consist of purely alphanumeric characters and MUST be of one to 16 characters in
/// length" (RFC 2289 §6).
pub(super) fn check_seed(seed: &str) -> Result<&str, MechanismError> {
    let is_alphanumeric = seed.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_alphanumeric || !(1..=16).contains(&seed.len()) {
        return Err(MechanismError::new(
            "a seed of one-time passwords is 1 to 16 letters and digits (RFC 2289 §6)",
        ));
    }
    Ok(seed)
}

fn exhausted() -> MechanismError {
    MechanismError::new(
        "the one-time passwords are used up: have a new sequence made at the server, and renew it \
         with `Otp::renew` before it ends",
    )
}

fn unreadable() -> MechanismError {
    MechanismError::new("the server's challenge is none of OTP (RFC 2444)")
}
