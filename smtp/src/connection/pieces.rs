//! What the encoder makes of the pieces of a message, queued.

use std::ops::Range;

use crate::body::Piece;
use crate::proto::content::Sink;
use crate::proto::output::Output;

/// Queues what the encoder makes of a piece: owned octets by reference, borrowed ones as a copy.
pub(super) struct Pieces<'a, 'b> {
    pub(super) piece: &'a Piece<'b>,
    pub(super) output: &'a mut Output,
}

impl Sink for Pieces<'_, '_> {
    fn keep(&mut self, range: Range<usize>) {
        match self.piece {
            Piece::Owned(octets) => self.output.push_part(octets, range),
            Piece::Borrowed(octets) => self.output.copy(&octets[range]),
        }
    }

    fn insert(&mut self, octets: &'static [u8]) {
        self.output.copy(octets);
    }
}
