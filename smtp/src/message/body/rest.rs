//! The rest of a message of which the server has the first bytes already (RFC 1845).

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};

use super::{Body, BodySource};
use crate::error::checkpoint::CheckpointError;
use crate::proto::content::{ContentError, Encoder, LineEnds, Sink};

/// Bytes that are passed over before other tasks get their turn.
const SLICE: u64 = 1 << 20;

impl Body<'_> {
    /// The message from this byte on. Bytes are counted as they leave, with CRLF line ends, but
    /// without the dots that DATA adds (RFC 1845 §4). Before the first piece is there, the body is
    /// read up to it, so that any body can be sent on, whether it can seek or not.
    ///
    /// It fails with its first piece where the message is shorter, and with DATA where no line
    /// begins there.
    pub(crate) fn rest(self, offset: u64, data: bool, eight_bit: bool) -> Self {
        // Line ends are completed here. In a chunk, where the rest may begin with the LF of a CRLF,
        // they must not be completed again.
        let line_ends = if data { LineEnds::Normalize } else { LineEnds::Binary };
        let undeclared = self.undeclared;
        let encoder = Encoder::for_bdat(self.line_ends, eight_bit || undeclared);
        let rest =
            Rest { body: self, encoder, offset, passed: 0, before: *b"\r\n", data, ended: false };
        Body { undeclared, ..Body::stream(rest).line_ends(line_ends) }
    }
}

struct Rest<'a> {
    body: Body<'a>,
    encoder: Encoder,
    offset: u64,
    /// How many bytes were passed over, `offset` at most.
    passed: u64,
    /// The last two of them.
    before: [u8; 2],
    /// It is sent with DATA.
    data: bool,
    ended: bool,
}

impl BodySource for Rest<'_> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let first = self.passed;
        while !self.ended {
            // A message in memory is never pending, and may have any number of bytes.
            if self.passed - first > SLICE {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let piece = ready!(self.body.poll_bytes(cx)).transpose();
            let piece = piece.and_then(|piece| self.pass(piece.as_deref()));
            match piece {
                Ok(piece) if piece.is_empty() => {}
                piece => return Poll::Ready(Some(piece)),
            }
        }
        Poll::Ready(None)
    }
}

impl Rest<'_> {
    /// The bytes of the next piece that are of the rest; the message ends with `None`.
    fn pass(&mut self, piece: Option<&[u8]>) -> io::Result<Bytes> {
        let mut encoded = Canonical { segment: piece.unwrap_or_default(), bytes: Vec::new() };
        match piece {
            Some(piece) => self.encoder.encode(piece, &mut encoded).map_err(io_error)?,
            None => {
                self.ended = true;
                self.encoder.finish(&mut encoded).map_err(io_error)?;
            }
        }
        let mut rest = Bytes::from(encoded.bytes);
        let left = self.offset - self.passed;
        if left > 0 {
            let over = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.passed += over as u64;
            for &byte in &rest[over.saturating_sub(2)..over] {
                self.before = [self.before[1], byte];
            }
            rest.advance(over);
            // With DATA the rest begins with a line (RFC 1845 §4): a dot is doubled at the begin of
            // one alone.
            if self.passed == self.offset && self.data && self.before != *b"\r\n" {
                return Err(CheckpointError::within_line(self.offset).into());
            }
        }
        if self.ended && self.passed < self.offset {
            return Err(CheckpointError::beyond(self.offset, self.passed).into());
        }
        Ok(rest)
    }
}

fn io_error(error: ContentError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// The bytes of a segment as they leave, but for doubled dots.
struct Canonical<'s> {
    segment: &'s [u8],
    bytes: Vec<u8>,
}

impl Sink for Canonical<'_> {
    fn keep(&mut self, range: Range<usize>) {
        self.bytes.extend_from_slice(&self.segment[range]);
    }

    fn insert(&mut self, bytes: &'static [u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}
