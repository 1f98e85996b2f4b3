//! A mechanism that waits for its ticket, and fetches another where the server refuses it: X-TICKET.

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smtp::auth::{AfterRefusal, Challenge, Facts, MechanismError, RefusedAuth, Step};
use smtp::{Mechanism, Secret};

/// A wait for a ticket; none where the office is closed.
pub type Fetch = Pin<Box<dyn Future<Output = Option<Secret>> + Send>>;

/// Sends a ticket that comes from elsewhere.
pub struct Fetched {
    office: Box<dyn Fn() -> Fetch + Send>,
    fetch: Option<Fetch>,
    ticket: Option<Secret>,
    tries: usize,
    goes_on: bool,
}

impl Fetched {
    pub fn new(office: impl Fn() -> Fetch + Send + 'static) -> Self {
        Self { office: Box::new(office), fetch: None, ticket: None, tries: 0, goes_on: false }
    }
}

impl Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

impl Mechanism for Fetched {
    fn name(&self) -> &str {
        "X-TICKET"
    }

    fn reveals_secret(&self) -> bool {
        true
    }

    fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
        (self.fetch, self.ticket) = (Some((self.office)()), None);
        self.tries = if std::mem::take(&mut self.goes_on) { self.tries + 1 } else { 1 };
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if let Some(fetch) = &mut self.fetch {
            self.ticket = ready!(fetch.as_mut().poll(cx));
            self.fetch = None;
        }
        Poll::Ready(match self.ticket {
            Some(_) => Ok(()),
            None => Err(MechanismError::new("the office is closed")),
        })
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(self.ticket.clone())
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        Err(challenge.unexpected())
    }

    fn refused(&mut self, refused: &RefusedAuth<'_>) -> AfterRefusal {
        match refused.reply().code().value() {
            535 if self.tries == 1 => {
                self.goes_on = true;
                AfterRefusal::BeginAgain
            }
            _ => AfterRefusal::Explain("two tickets were tried".into()),
        }
    }
}
