//! An exchange as the connection sees it: each step runs on a thread of tokio's, and the connection
//! waits for it without blocking.

use std::task::{Context, Poll};

use super::dialogue::{Dialogue, Settings};
use crate::auth::mechanism::{Challenge, Step};
use crate::error::mechanism::MechanismError;
use crate::off_thread::{OffThread, OffThreadError};
use crate::secret::Secret;

/// The result of a step: the dialogue comes back with the client's next message.
type Outcome = Result<(Box<Dialogue>, Secret), MechanismError>;

/// The steps of one exchange. To drop it, or to begin again, abandons a step that runs.
#[derive(Default)]
pub(super) struct Exchange {
    state: State,
}

#[derive(Default)]
enum State {
    /// Not begun, or failed.
    #[default]
    Ended,
    /// A step that starts with the next poll: only then is there a runtime for sure.
    Due(Box<dyn FnOnce() -> Outcome + Send>),
    Running(OffThread<Outcome>),
    /// The client's message is ready.
    Done(Outcome),
    /// The server speaks next.
    Server(Box<Dialogue>),
}

impl Exchange {
    /// Begins: the next poll opens a context.
    pub(super) fn begin(&mut self, settings: Settings) {
        let open = || Dialogue::open(settings).map(|(dialogue, token)| (Box::new(dialogue), token));
        self.state = State::Due(Box::new(open));
    }

    /// Waits for the step that is due.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        let mut running = match std::mem::take(&mut self.state) {
            State::Due(step) => OffThread::start(step).map_err(failed)?,
            State::Running(running) => running,
            other => {
                self.state = other;
                return Poll::Ready(Ok(()));
            }
        };
        let Poll::Ready(outcome) = running.poll(cx) else {
            self.state = State::Running(running);
            return Poll::Pending;
        };
        self.state = State::Done(outcome.map_err(failed)?);
        Poll::Ready(Ok(()))
    }

    /// The first token, after the exchange was ready.
    pub(super) fn initial(&mut self) -> Result<Secret, MechanismError> {
        match std::mem::take(&mut self.state) {
            State::Done(outcome) => self.finish(outcome),
            _ => Err(MechanismError::new("the exchange has not begun")),
        }
    }

    /// Reads a challenge, or gives the response to it.
    pub(super) fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        match std::mem::take(&mut self.state) {
            // An error is kept until here: one of `poll` would be taken for the caller's, and this
            // one is of the server's token.
            State::Done(outcome) => self.finish(outcome).map(Step::Respond),
            State::Server(mut dialogue) if dialogue.awaits_message() => {
                let message = challenge.decode()?;
                self.state = State::Due(Box::new(move || {
                    let response = dialogue.answer(&message)?;
                    Ok((dialogue, response))
                }));
                Ok(Step::Wait)
            }
            _ => Err(challenge.unexpected()),
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Result<Secret, MechanismError> {
        let (dialogue, message) = outcome?;
        self.state = State::Server(dialogue);
        Ok(message)
    }

    /// Whether the server may claim success.
    pub(super) fn is_complete(&self) -> bool {
        matches!(&self.state, State::Server(dialogue) if dialogue.is_complete())
    }

    /// How far it has come, for people.
    pub(super) fn progress(&self) -> &'static str {
        match &self.state {
            State::Ended => "ended",
            State::Due(_) => "begun",
            State::Running(_) => "runs a step",
            State::Done(_) => "has a message",
            State::Server(dialogue) if dialogue.is_complete() => "complete",
            State::Server(_) => "waits for the server",
        }
    }
}

/// The error of a step that has no outcome.
fn failed(error: OffThreadError) -> MechanismError {
    MechanismError::new(format!("a step of the GSS-API could not be run: {error}"))
}
