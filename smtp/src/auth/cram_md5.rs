//! CRAM-MD5: a keyed hash of the server's challenge (RFC 2195).

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;

use super::mechanism::{Challenge, Mechanism, Step};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism CRAM-MD5.
///
/// ```text
/// response = user SP lowercase-hex( HMAC-MD5( password, challenge ) )      ; RFC 2195 §2
/// ```
///
/// The password does not travel, but an attacker who hears the exchange can guess at it as fast as
/// MD5 goes, and the server proves nothing. SCRAM is better in both.
#[derive(Debug)]
pub struct CramMd5 {
    user: String,
    password: Secret,
}

impl CramMd5 {
    /// Authenticates as `user`.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}

impl Mechanism for CramMd5 {
    fn name(&self) -> &'static str {
        "CRAM-MD5"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    /// The server speaks first.
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        if self.user.is_empty() || self.password.expose().is_empty() {
            return Err(MechanismError::new("`user` and `password` must not be empty"));
        }
        Ok(None)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        if challenge.index() > 0 {
            return Err(challenge.unexpected());
        }
        let mut mac = Hmac::<Md5>::new_from_slice(self.password.expose())
            .map_err(|_| MechanismError::new("the password cannot be a key"))?;
        mac.update(&challenge.decode()?);
        // Allocated once: a buffer that grows leaves parts of the hash in the smaller ones.
        let mut response = String::with_capacity(self.user.len() + 1 + 32);
        response.push_str(&self.user);
        response.push(' ');
        for byte in mac.finalize().into_bytes() {
            // Writing to a String cannot fail.
            let _ = write!(response, "{byte:02x}");
        }
        Ok(Secret::from(response).into())
    }
}
