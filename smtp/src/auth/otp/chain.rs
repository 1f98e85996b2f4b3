//! The chain of one-time passwords: a hash of passphrase and seed, hashed again and again, computed
//! in slices (RFC 2289 §6).

use md5::{Digest as _, Md5};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// A hash function of one-time passwords.
///
/// ```text
/// algorithm = "md4" / "md5" / "sha1"      ; RFC 2289 Appendix A
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
}

/// A one-time password: 64 bits.
type Password = Zeroizing<[u8; 8]>;

impl Algorithm {
    pub(super) fn parse(name: &str) -> Result<Self, MechanismError> {
        match name {
            "md5" => Ok(Self::Md5),
            "sha1" => Ok(Self::Sha1),
            "md4" => Err(MechanismError::new(
                "the server's one-time passwords are of MD4, which is broken: have them made anew \
                 with sha1 or md5",
            )),
            _ => Err(MechanismError::new(
                "the server's one-time passwords are of a hash function that is neither md5 nor \
                 sha1",
            )),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }

    /// One step: the hash of these bytes, folded to 64 bits (RFC 2289 Appendix A).
    fn step(self, bytes: &[u8]) -> Password {
        let mut folded = Zeroizing::new([0; 8]);
        match self {
            Self::Md5 => {
                let mut hash = Zeroizing::new([0; 16]);
                Md5::new_with_prefix(bytes).finalize_into((&mut *hash).into());
                for (index, byte) in hash.iter().enumerate() {
                    folded[index % 8] ^= byte;
                }
            }
            Self::Sha1 => {
                let mut hash = Zeroizing::new([0; 20]);
                Sha1::new_with_prefix(bytes).finalize_into((&mut *hash).into());
                // Five big-endian words are folded to two, and those are written little-endian:
                // the bytes of each word are reversed.
                for (index, byte) in hash.iter().enumerate() {
                    folded[(index ^ 3) % 8] ^= byte;
                }
            }
        }
        folded
    }
}

/// One password of the chain on its way.
pub(super) struct Chain {
    algorithm: Algorithm,
    /// In memory of its own: where a chain is moved from, a password within it would stay.
    last: Zeroizing<Vec<u8>>,
    left: u32,
}

impl Chain {
    /// The password with the number `sequence`. Its first step is computed at once.
    ///
    /// ```text
    /// password(0)     = fold( H( lower-case( seed ) passphrase ) )      ; RFC 2289 §6
    /// password(n + 1) = fold( H( password(n) ) )
    /// ```
    pub(super) fn new(algorithm: Algorithm, seed: &str, passphrase: &[u8], sequence: u32) -> Self {
        let seed = seed.to_ascii_lowercase();
        let text = Secret::concat(&[seed.as_bytes(), passphrase]);
        let first = algorithm.step(text.expose());
        Self { algorithm, last: Zeroizing::new(first.to_vec()), left: sequence }
    }

    /// Computes up to so many steps. Says whether that was all.
    pub(super) fn compute(&mut self, steps: u32) -> bool {
        let steps = steps.min(self.left);
        for _ in 0..steps {
            let next = self.algorithm.step(&self.last);
            self.last.copy_from_slice(&*next);
        }
        self.left -= steps;
        self.left == 0
    }

    /// The password in hexadecimal, once all steps were computed.
    pub(super) fn finish(mut self) -> Secret {
        while !self.compute(u32::MAX) {}
        // Allocated once: a buffer that grows leaves parts of the password in the smaller ones.
        let mut text = Vec::with_capacity(16);
        for byte in self.last.iter() {
            text.extend([digit(byte >> 4), digit(byte & 0x0f)]);
        }
        Secret::from(text)
    }
}

/// A hexadecimal digit.
fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' + (value - 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::is_wiped;

    #[test]
    fn each_password_is_wiped() {
        let Chain { algorithm, last, left: _ } =
            Chain::new(Algorithm::Md5, "ke1234", b"This is a test.", 1);
        is_wiped(&last);
        is_wiped(&algorithm.step(&last));
        is_wiped(&Md5::new());
        is_wiped(&Sha1::new());
    }
}
