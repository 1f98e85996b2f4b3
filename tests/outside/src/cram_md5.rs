//! CRAM-MD5: a keyed digest of the server's challenge (RFC 2195).

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use smtp::auth::{Challenge, MechanismError, Step};
use smtp::{Secret, SmtpCommand};

#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "CRAM-MD5", respond = Self::answer)]
pub struct CramMd5 {
    pub user: String,
    pub password: Secret,
}

impl CramMd5 {
    fn answer(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        if challenge.index() > 0 {
            return Err(challenge.unexpected());
        }
        let mut mac = Hmac::<Md5>::new_from_slice(self.password.expose())
            .map_err(|_| MechanismError::new("the password cannot be a key"))?;
        mac.update(&challenge.decode()?);
        let digest = mac.finalize().into_bytes();
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Secret::from(format!("{} {digest}", self.user)).into())
    }
}
