//! OTP: one-time passwords with MD5 (RFC 2289, RFC 2444).

use md5::{Digest, Md5};
use smtp::auth::{Challenge, MechanismError, Step};
use smtp::{Secret, SmtpCommand};

/// ```text
/// initial response = authzid NUL authcid                 ; RFC 2444 §3
/// otp-challenge    = "otp-md5 " sequence " " seed " ext"  ; RFC 2243 §3
/// ```
#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "OTP", initial = "\0{user}", respond = Self::answer)]
pub struct Otp {
    #[smtp(nonempty)]
    pub user: String,
    pub passphrase: Secret,
}

/// No server of good will asks for more.
const MAX_ITERATIONS: u32 = 10_000;

impl Otp {
    fn answer(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        let text = challenge.decode()?;
        let text = String::from_utf8_lossy(&text);
        let mut words = text.split(' ');
        let (Some("otp-md5"), Some(sequence), Some(seed)) =
            (words.next(), words.next(), words.next())
        else {
            return Err(challenge.unexpected());
        };
        let sequence: u32 = sequence.parse().unwrap_or(0);
        if !(1..=MAX_ITERATIONS).contains(&sequence) {
            return Err(MechanismError::new("the sequence number is out of range"));
        }
        let mut key = fold(&[seed.to_ascii_lowercase().as_bytes(), self.passphrase.expose()]);
        for _ in 0..sequence {
            key = fold(&[&key]);
        }
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Secret::from(format!("hex:{key}")).into())
    }
}

/// The digest's halves, one over the other (RFC 2289 App. A).
fn fold(parts: &[&[u8]]) -> [u8; 8] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index] ^ digest[index + 8])
}
