//! A mechanism that computes for long, in slices: X-STRETCH.

use std::task::{Context, Poll};

use md5::{Digest as _, Md5};
use smtp::auth::{Challenge, MechanismError, Step};
use smtp::{Mechanism, Secret};

/// Answers a challenge with a digest of a digest, and so on.
#[derive(Debug)]
pub struct Stretched {
    key: Secret,
    rounds: u32,
    digest: Option<Secret>,
    done: u32,
    slices: u32,
}

/// Rounds in one poll, a fraction of a millisecond.
const SLICE: u32 = 100;

impl Stretched {
    pub fn new(key: impl Into<Secret>, rounds: u32) -> Self {
        Self { key: key.into(), rounds, digest: None, done: 0, slices: 0 }
    }

    /// How often the executor had its turn.
    pub fn slices(&self) -> u32 {
        self.slices
    }
}

impl Mechanism for Stretched {
    fn name(&self) -> &str {
        "X-STRETCH"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        let Some(digest) = &mut self.digest else { return Poll::Ready(Ok(())) };
        let end = self.rounds.min(self.done + SLICE);
        for _ in self.done..end {
            *digest = Secret::from(Md5::digest(digest.expose()).to_vec());
        }
        self.done = end;
        if end == self.rounds {
            return Poll::Ready(Ok(()));
        }
        self.slices += 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        (self.digest, self.done) = (None, 0);
        Ok(None)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        match &self.digest {
            None => {
                self.digest = Some(Secret::concat(&[self.key.expose(), &challenge.decode()?]));
                Ok(Step::Wait)
            }
            Some(digest) => Ok(digest.clone().into()),
        }
    }
}
