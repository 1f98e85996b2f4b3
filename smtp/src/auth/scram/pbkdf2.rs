//! The salted password: one block of PBKDF2, computed in slices.
//!
//! It takes as long as the server says, which may be seconds, and an executor must not be held for
//! that long. No library computes a part of it, so the loop stands here.

use hmac::digest::Mac as _;
use zeroize::Zeroizing;

use super::hash::{Bytes, ScramHash, keyed};

/// `Hi(str, salt, i)` on its way (RFC 5802 §2.2).
pub(super) struct Pbkdf2<H: ScramHash> {
    keyed: H::Keyed,
    /// `U` of the last round.
    last: Bytes,
    /// The exclusive-or of all rounds so far.
    sum: Bytes,
    left: u32,
}

impl<H: ScramHash> Pbkdf2<H> {
    /// `iterations` is at least 1, and one round is computed at once.
    pub(super) fn new(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let keyed = keyed::<H>(password);
        let mut first = keyed.clone();
        first.update(salt);
        // The number of the block: the result is one block long.
        first.update(&1_u32.to_be_bytes());
        let last = Zeroizing::new(first.finalize().into_bytes().to_vec());
        Self { keyed, sum: last.clone(), last, left: iterations.saturating_sub(1) }
    }

    /// Computes up to so many rounds. Says whether that was all.
    pub(super) fn compute(&mut self, rounds: u32) -> bool {
        let rounds = rounds.min(self.left);
        for _ in 0..rounds {
            let mut round = self.keyed.clone();
            round.update(&self.last);
            self.last.copy_from_slice(&round.finalize().into_bytes());
            for (sum, byte) in self.sum.iter_mut().zip(self.last.iter()) {
                *sum ^= byte;
            }
        }
        self.left -= rounds;
        self.left == 0
    }

    /// The salted password, once all rounds were computed.
    pub(super) fn finish(&mut self) -> Bytes {
        while !self.compute(u32::MAX) {}
        std::mem::take(&mut self.sum)
    }

    /// The rounds that are to be computed.
    #[cfg(test)]
    pub(super) fn left(&self) -> u32 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use hmac::Hmac;

    use super::super::hash::Sha256;
    use super::*;
    use crate::secret::tests::is_wiped;

    #[test]
    fn each_round_is_wiped() {
        let Pbkdf2 { keyed, last, sum, left: _ } = Pbkdf2::<Sha256>::new(b"pencil", b"salt", 2);
        is_wiped(&last);
        is_wiped(&sum);
        // Its parts are wiped: see the tests of `hash`.
        let _: Hmac<sha2::Sha256> = keyed;
    }
}
