//! The state of the session within a group: predicted while commands are written, confirmed as
//! their replies come.
//!
//! The type says where the session would be if the server accepted everything. What a group that is
//! in flight already says after a refusal is said in another state than its type thinks.

use super::entry::StateEffect;
use crate::proto::line::Declared;

/// The session at one point of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PredictedState {
    /// Changes of state that were passed.
    pub(crate) transitions: usize,
    /// Whether, and why, the session is not where the type says.
    pub(crate) diverged: Option<Diverged>,
    /// Whether a transaction is open.
    pub(crate) open: bool,
    /// Recipients of the transaction that were accepted, or may be.
    pub(crate) recipients: usize,
    /// What the transaction has agreed on, or may.
    pub(crate) declared: Declared,
    /// What the command that led away from here has declared.
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

/// What became of a command, as far as the state is concerned.
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
            // A command that was accepted within another transaction has not opened one of its own.
            Progress::Accepted(_) => {}
            Progress::Refused | Progress::Skipped => {
                self.diverged.get_or_insert(Diverged::Outside);
            }
        }
    }

    fn close(&mut self, progress: Progress) {
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

    const YES: Progress =
        Progress::Accepted(Declared { utf8: false, eight_bit: false, binary: false });

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
            let mut track = PredictedState::default();
            for (effect, progress) in *steps {
                track.pass(*effect, *progress);
            }
            assert_eq!((track.open, track.diverged), (*open, *diverged), "{steps:?}");
        }
    }
}
