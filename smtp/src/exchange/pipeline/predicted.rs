//! The state of the session within a group: predicted while commands are written, confirmed as
//! their replies come.
//!
//! The type of a group says where the session would be if the server accepted everything. After a
//! refusal, the commands that are in flight already reach the server in another state: this type
//! follows them, so that RSET is sent and content is kept back where it must be.

use super::entry::StateEffect;
use crate::proto::line::Declared;

/// The session at one point of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PredictedState {
    /// How many commands that may change the state were passed.
    // The predicted state is ahead of the confirmed one: the same number says that both are at the
    // same command.
    pub(crate) transitions: usize,
    /// Whether, and why, the session is not where the type says.
    pub(crate) diverged: Option<Diverged>,
    /// Whether a transaction is open.
    pub(crate) open: bool,
    /// Recipients of the transaction that were accepted, or may be.
    pub(crate) recipients: usize,
    /// The extensions that the transaction has declared, or may have.
    pub(crate) declared: Declared,
    /// The declaration of the command that led away from this state.
    pub(crate) left: Option<Declared>,
}

/// Where the session is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Diverged {
    /// Between transactions, where the type says that one is open.
    Outside,
    /// In a transaction that should have ended.
    Inside,
}

/// The progress of the session by one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Accepted(Declared),
    Refused,
    /// It did not leave.
    Skipped,
}

impl PredictedState {
    /// Goes past a command.
    pub(crate) fn pass(&mut self, effect: StateEffect, progress: Progress) {
        match effect {
            StateEffect::Stay => {
                // Outside of its transaction a command cannot declare anything for it.
                if let (Progress::Accepted(declared), None) = (progress, self.diverged) {
                    self.declare(declared);
                }
                return;
            }
            StateEffect::Open => self.open(progress),
            StateEffect::Close => self.close(progress),
            StateEffect::Leave => {
                if let Progress::Accepted(declared) = progress {
                    self.left = Some(declared);
                }
            }
            StateEffect::Content | StateEffect::Quit => {}
        }
        self.transitions += 1;
    }

    /// The transaction is over, or will be before anything else is done.
    pub(crate) fn end_transaction(&mut self) {
        *self = Self { transitions: self.transitions, left: self.left, ..Self::default() };
    }

    /// Whether the transaction can have a message.
    pub(crate) fn is_ready(&self) -> bool {
        self.open && self.diverged.is_none() && self.recipients > 0
    }

    fn open(&mut self, progress: Progress) {
        match progress {
            Progress::Accepted(declared) if self.diverged.is_none() => {
                self.open = true;
                self.recipients = 0;
                self.declared = declared;
            }
            // MAIL that is accepted within an older transaction opens none of its own (RFC 5321
            // §4.1.4 has it refused): the old recipients are still there.
            Progress::Accepted(_) => {}
            // An older divergence stays: it is nearer to the cause.
            Progress::Refused | Progress::Skipped => {
                self.diverged.get_or_insert(Diverged::Outside);
            }
        }
    }

    fn close(&mut self, progress: Progress) {
        // Where no transaction was opened, the session is where RSET would have led, whatever the
        // server answers to it. A refused RSET leaves the transaction open (RFC 5321 §4.1.1.5).
        match (progress, self.diverged) {
            (Progress::Accepted(_), _) | (_, Some(Diverged::Outside)) => self.end_transaction(),
            (Progress::Refused | Progress::Skipped, _) => self.diverged = Some(Diverged::Inside),
        }
    }

    fn declare(&mut self, declared: Declared) {
        self.declared.add(declared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Progress = Progress::Accepted(Declared::NONE);

    #[test]
    fn the_state_after_each_refusal() {
        use Diverged::{Inside, Outside};
        use Progress::{Refused, Skipped};
        use StateEffect::{Close, Open, Stay};
        type Row = (&'static [(StateEffect, Progress)], bool, Option<Diverged>);
        let table: &[Row] = &[
            (&[(Open, YES)], true, None),
            (&[(Open, YES), (Stay, Refused)], true, None),
            (&[(Open, YES), (Close, YES)], false, None),
            (&[(Open, YES), (Close, YES), (Open, YES)], true, None),
            (&[(Open, Refused)], false, Some(Outside)),
            (&[(Open, Refused), (Stay, YES)], false, Some(Outside)),
            (&[(Open, Refused), (Close, YES)], false, None),
            (&[(Open, Refused), (Close, Refused)], false, None),
            (&[(Open, Skipped), (Close, Skipped)], false, None),
            (&[(Open, YES), (Close, Refused)], true, Some(Inside)),
            (&[(Open, YES), (Close, Refused), (Open, YES)], true, Some(Inside)),
            (&[(Open, YES), (Close, Refused), (Open, Refused)], true, Some(Inside)),
            (&[(Open, YES), (Close, Refused), (Open, Refused), (Close, YES)], false, None),
        ];
        for (steps, open, diverged) in table {
            let mut state = PredictedState::default();
            for (effect, progress) in *steps {
                state.pass(*effect, *progress);
            }
            assert_eq!((state.open, state.diverged), (*open, *diverged), "{steps:?}");
        }
    }
}
