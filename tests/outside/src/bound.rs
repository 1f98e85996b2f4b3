//! A mechanism that binds its proof to the TLS session: X-BOUND.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use smtp::auth::{Challenge, Facts, MechanismError, Step};
use smtp::{Mechanism, Secret};

/// Answers a challenge with its HMAC under a key, and under the channel binding of the connection.
#[derive(Debug)]
pub struct Bound {
    key: Secret,
    binding: Secret,
    has_answered: bool,
}

impl Bound {
    pub fn new(key: impl Into<Secret>) -> Self {
        Self { key: key.into(), binding: Secret::default(), has_answered: false }
    }
}

impl Mechanism for Bound {
    fn name(&self) -> &str {
        "X-BOUND"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        (self.binding, self.has_answered) = (facts.take_exporter()?, false);
        Ok(())
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(None)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        if self.has_answered {
            return Err(challenge.unexpected());
        }
        let mut mac = Hmac::<Md5>::new_from_slice(self.key.expose())
            .map_err(|_| MechanismError::new("the key cannot be used"))?;
        mac.update(self.binding.expose());
        mac.update(&challenge.decode()?);
        self.has_answered = true;
        Ok(Secret::from(mac.finalize().into_bytes().to_vec()).into())
    }

    fn is_complete(&self) -> bool {
        self.has_answered
    }
}
