//! Where the session is within a group.
//!
//! The type says where it would be if the server accepted everything. What a group that is in
//! flight already says behind a refusal is said in another state than its type thinks.

use super::element::Edge;
use crate::proto::line::Declared;

/// The session at a place of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Track {
    /// Edges behind.
    pub(super) edges: usize,
    /// Whether, and why, the session is not where the type says.
    pub(super) astray: Option<Astray>,
    /// Whether a transaction is open.
    pub(super) open: bool,
    /// Recipients of the transaction that were accepted, or may be.
    pub(super) recipients: usize,
    /// What the transaction has agreed on, or may.
    pub(super) declared: Declared,
    /// What the command that led away from here has declared.
    pub(super) left: Option<Declared>,
}

/// Where the session is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// Between transactions, where the type says that one is open.
    Outside,
    /// In a transaction that should have ended.
    Inside,
}

/// What became of a command, as far as the track is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    Accepted(Declared),
    Refused,
    /// It did not leave.
    Skipped,
}

impl Track {
    /// Goes past a command.
    pub(super) fn pass(&mut self, edge: Edge, passed: Passed) {
        match edge {
            Edge::Stay => {
                if let (Passed::Accepted(declared), None) = (passed, self.astray) {
                    self.declare(declared);
                }
                return;
            }
            Edge::Open => self.open(passed),
            Edge::Close => self.close(passed),
            Edge::Leave => {
                if let Passed::Accepted(declared) = passed {
                    self.left = Some(declared);
                }
            }
            Edge::Content | Edge::Quit => {}
        }
        self.edges += 1;
    }

    /// The transaction is over, or will be before anything else is done.
    pub(super) fn end_transaction(&mut self) {
        *self = Self { edges: self.edges, left: self.left, ..Self::default() };
    }

    /// Whether the transaction can have a message.
    pub(super) fn is_ready(&self) -> bool {
        self.open && self.astray.is_none() && self.recipients > 0
    }

    fn open(&mut self, passed: Passed) {
        match passed {
            Passed::Accepted(declared) if self.astray.is_none() => {
                self.open = true;
                self.recipients = 0;
                self.declared = declared;
            }
            // Whatever was accepted within another transaction has not opened one of its own.
            Passed::Accepted(_) => {}
            Passed::Refused | Passed::Skipped => {
                self.astray.get_or_insert(Astray::Outside);
            }
        }
    }

    fn close(&mut self, passed: Passed) {
        match (passed, self.astray) {
            (Passed::Accepted(_), _) | (_, Some(Astray::Outside)) => self.end_transaction(),
            (Passed::Refused | Passed::Skipped, _) => self.astray = Some(Astray::Inside),
        }
    }

    fn declare(&mut self, declared: Declared) {
        self.declared.utf8 |= declared.utf8;
        self.declared.eight_bit |= declared.eight_bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Passed = Passed::Accepted(Declared { utf8: false, eight_bit: false });

    #[test]
    fn where_a_group_is_behind_each_refusal() {
        use Astray::{Inside, Outside};
        use Edge::{Close, Open, Stay};
        use Passed::{Refused, Skipped};
        type Row = (&'static [(Edge, Passed)], bool, Option<Astray>);
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
        for (steps, open, astray) in table {
            let mut track = Track::default();
            for (edge, passed) in *steps {
                track.pass(*edge, *passed);
            }
            assert_eq!((track.open, track.astray), (*open, *astray), "{steps:?}");
        }
    }
}
