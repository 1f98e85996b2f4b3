//! A mechanism with a challenge and a proof of the server's: X-VAULT.

use smtp::auth::{Challenge, MechanismError, Step};
use smtp::{Secret, SmtpCommand};

/// Says who it is, answers a challenge with its sum under a key, and checks the server's answer.
///
/// The sum is no cryptography: what matters here is the exchange.
#[derive(Debug, SmtpCommand)]
#[smtp(
    mechanism = "X-VAULT",
    initial = "v1\0{user}",
    respond = Self::answer,
    complete = Self::is_verified
)]
pub struct Vault {
    #[smtp(nonempty)]
    user: String,
    key: u8,
    expected: Option<u8>,
    verified: bool,
}

impl Vault {
    pub fn new(user: &str, key: u8) -> Self {
        Self { user: user.to_owned(), key, expected: None, verified: false }
    }

    fn answer(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        let bytes = challenge.decode()?;
        match self.expected {
            None => {
                let sum = bytes.iter().fold(self.key, |sum, byte| sum.wrapping_add(*byte));
                self.expected = Some(sum.wrapping_mul(2));
                Ok(Secret::from([sum].as_slice()).into())
            }
            Some(expected) if bytes == [expected] => {
                self.verified = true;
                Ok(Secret::default().into())
            }
            Some(_) => Err(MechanismError::new("the server does not know the key")),
        }
    }

    fn is_verified(&self) -> bool {
        self.verified
    }
}
