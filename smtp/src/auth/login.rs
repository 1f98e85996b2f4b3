//! LOGIN: name and password, one at a time (draft-murchison-sasl-login, obsolete and everywhere).

use super::mechanism::{Challenge, Mechanism, Step};
use super::template::{TemplatePart, message};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism LOGIN.
///
/// The server's prompts are ignored, as their text differs from server to server: the first is
/// answered with the name, the second with the password.
///
/// ```text
/// C: AUTH LOGIN
/// S: 334 VXNlcm5hbWU6
/// C: the name
/// S: 334 UGFzc3dvcmQ6
/// C: the password
/// ```
#[derive(Debug)]
pub struct Login {
    user: String,
    password: Secret,
    is_early: bool,
    /// The name was sent with AUTH.
    has_begun: bool,
}

impl Login {
    /// Authenticates as `user`.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        let (user, password) = (user.into(), password.into());
        Self { user, password, is_early: false, has_begun: false }
    }

    /// Sends the name with AUTH, which saves a round trip. Some servers refuse that.
    #[must_use]
    pub fn with_initial_response(mut self) -> Self {
        self.is_early = true;
        self
    }

    fn user(&self) -> Result<Secret, MechanismError> {
        message(&[TemplatePart::Required("user", &self.user)])
    }
}

impl Mechanism for Login {
    fn name(&self) -> &'static str {
        "LOGIN"
    }

    fn reveals_secret(&self) -> bool {
        true
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        let user = self.user()?;
        message(&[TemplatePart::Required("password", &self.password)])?;
        self.has_begun = self.is_early;
        Ok(self.is_early.then_some(user))
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        match challenge.index() + usize::from(self.has_begun) {
            0 => Ok(self.user()?.into()),
            1 => Ok(self.password.clone().into()),
            _ => Err(challenge.unexpected()),
        }
    }
}
