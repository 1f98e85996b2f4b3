//! The gate of a credential: a wrong password times a pool would be an account lockout.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smtp::Error;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The pause after the first refusal of a credential. Each further one doubles it.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Where logins with one credential wait for each other, until one has gone well.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<Known>,
    /// For one attempt at a time.
    attempt: Semaphore,
}

/// The knowledge of a credential.
#[derive(Debug)]
enum Known {
    Nothing,
    /// A server has taken it.
    Good,
    /// A server has refused it.
    Bad {
        error: Arc<Error>,
        until: Instant,
        refusals: u32,
    },
}

impl Known {
    /// The refusal that holds now.
    fn refused(&self) -> Option<Refused> {
        match self {
            Self::Bad { error, until, .. } if Instant::now() < *until => {
                Some(Refused { error: Arc::clone(error), until: *until })
            }
            _ => None,
        }
    }
}

/// The refusal of a credential, and when the next attempt may be made.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) error: Arc<Error>,
    pub(crate) until: Instant,
}

/// An attempt to log in.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    gate: &'a Gate,
    alone: Option<SemaphorePermit<'a>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: Mutex::new(Known::Nothing), attempt: Semaphore::new(1) }
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The refusal that holds now.
    pub(crate) fn refused(&self) -> Option<Refused> {
        self.lock().refused()
    }

    /// Waits until an attempt may be made: one at a time, as long as none has gone well.
    pub(crate) async fn enter(&self) -> Result<Attempt<'_>, Refused> {
        if let Some(attempt) = self.enter_at_once()? {
            return Ok(attempt);
        }
        let alone = self.attempt.acquire().await.ok();
        // The attempt before this one has shown how good the credential is.
        if let Some(attempt) = self.enter_at_once()? {
            return Ok(attempt);
        }
        Ok(Attempt { gate: self, alone })
    }

    fn enter_at_once(&self) -> Result<Option<Attempt<'_>>, Refused> {
        let known = self.lock();
        if let Some(refused) = known.refused() {
            return Err(refused);
        }
        let is_good = matches!(*known, Known::Good);
        Ok(is_good.then_some(Attempt { gate: self, alone: None }))
    }

    /// Forgets that the credential was refused.
    pub(crate) fn reset(&self) {
        *self.lock() = Known::Nothing;
    }
}

impl Attempt<'_> {
    /// Whether no attempt has gone well before this one, so that all others wait for it.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.is_some()
    }

    /// The server has taken the credential.
    pub(crate) fn succeeded(self) {
        *self.gate.lock() = Known::Good;
    }

    /// The attempt has failed. Gives when the next one may be made, where the reason is the
    /// credential.
    pub(crate) fn failed(self, error: &Arc<Error>) -> Option<Refused> {
        if !is_of_credential(error) {
            return None;
        }
        let mut known = self.gate.lock();
        // One that began before the refusal that holds now shows nothing new.
        if let Some(refused) = known.refused() {
            return Some(refused);
        }
        let refusals = match &*known {
            Known::Bad { refusals, .. } => *refusals,
            _ => 0,
        };
        let pause = PAUSE.saturating_mul(1 << refusals.min(16)).min(LONGEST);
        let until = Instant::now() + pause;
        let (error, refusals) = (Arc::clone(error), refusals + 1);
        *known = Known::Bad { error: Arc::clone(&error), until, refusals };
        Some(Refused { error, until })
    }
}

/// Whether the server has refused the credential itself: 535 (wrong), 534 (too weak), 538 (not
/// without encryption) or 525 (disabled), RFC 4954 §6 and RFC 5248.
fn is_of_credential(error: &Error) -> bool {
    let Error::Refused(refusal) = error else {
        return false;
    };
    let code = refusal.reply().map(|reply| reply.code().value());
    refusal.command() == "AUTH" && matches!(code, Some(525 | 534 | 535 | 538))
}
