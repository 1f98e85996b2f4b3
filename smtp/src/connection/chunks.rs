//! A message cut into chunks for BDAT.

use super::pieces::Pieces;
use crate::body::{Body, Piece};
use crate::error::Fault;
use crate::proto::content::{Encoder, Measure};
use crate::proto::output::Output;

/// A message cut into chunks (RFC 3030 §2).
#[derive(Debug)]
pub(super) struct Chunks<'b> {
    body: Body<'b>,
    encoder: Encoder,
    size: usize,
    /// The octets of the chunk that comes next.
    pub(super) output: Output,
    ended: bool,
}

/// A chunk that is ready to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) octets: u64,
    pub(super) last: bool,
}

impl<'b> Chunks<'b> {
    /// Chunks of about `size` octets. `eight_bit` says that octets beyond ASCII were agreed on.
    pub(super) fn new(
        body: Body<'b>,
        measure: Option<Measure>,
        eight_bit: bool,
        size: usize,
    ) -> Self {
        let encoder = Encoder::new(body.line_ends, eight_bit).in_chunks().measured(measure);
        Self { body, encoder, size, output: Output::default(), ended: false }
    }

    /// The next chunk; None behind the last. Its octets are counted before any of them leaves, so a
    /// source that fails leaves no half of a chunk behind.
    ///
    /// # Errors
    ///
    /// When the source fails, or the message turns out to be unsendable.
    pub(super) async fn next(&mut self) -> Result<Option<Chunk>, Fault> {
        if self.ended {
            return Ok(None);
        }
        // A message in memory whose last octet is in this chunk needs no empty one behind it.
        while !self.ended && (self.output.remaining() < self.size || self.body.is_spent()) {
            let room = self.size.saturating_sub(self.output.remaining());
            let most = self.encoder.piece().min(room.max(1));
            let piece = self.body.next_piece(most).await.map_err(Fault::Body)?;
            let output = &mut self.output;
            let result = match &piece {
                Some(piece) => self.encoder.encode(piece.as_ref(), &mut Pieces { piece, output }),
                None => self.encoder.finish(&mut Pieces { piece: &Piece::Borrowed(&[]), output }),
            };
            result.map_err(Fault::Content)?;
            self.ended = piece.is_none();
        }
        Ok(Some(Chunk { octets: self.output.remaining() as u64, last: self.ended }))
    }
}
