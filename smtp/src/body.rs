//! Message content on its way in: octets in memory, or a stream of them.
//!
//! The library neither creates nor parses mails. A [`Body`] is an encoded one, and what may be
//! done to its line ends.

use std::fmt::{self, Debug};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::proto::content::{ContentError, LineEnds, Measure};

/// A source of octets that are not all there yet.
///
/// It is like a `Stream` of `io::Result<Bytes>` but belongs to no runtime.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of message content",
    label = "has no pieces to send",
    note = "implement `smtp::BodySource` for it, or give the message as `Bytes`, `Vec<u8>`, `String` or a slice"
)]
pub trait BodySource: Send {
    /// The next piece; `None` behind the last. An error abandons the message: the connection is
    /// closed without the final dot, and the server drops what it got (RFC 5321 §3.8).
    fn poll_piece(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>>;
}

/// An encoded message.
///
/// Octets in memory are measured before MAIL is sent, so that `SIZE=` is exact and a message that
/// cannot be sent costs no connection. A `Bytes` (and what becomes one) is sent without being
/// copied; a borrowed slice is copied once, piece by piece.
pub struct Body<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) line_ends: LineEnds,
}

pub(crate) enum Source<'a> {
    Owned(Bytes),
    Borrowed(&'a [u8]),
    Stream(Pin<Box<dyn BodySource + 'a>>),
}

impl<'a> Body<'a> {
    /// A message that is produced while it is sent, of unknown length. It is declared as
    /// `BODY=8BITMIME` where the server offers it; where the server does not, octets beyond ASCII
    /// abandon the message.
    pub fn stream(source: impl BodySource + 'a) -> Self {
        Self::from(Source::Stream(Box::pin(source)))
    }

    /// Sets what is done to line ends that are not CRLF.
    #[must_use]
    pub fn line_ends(mut self, line_ends: LineEnds) -> Self {
        self.line_ends = line_ends;
        self
    }

    /// What can be said of the message before it is sent; nothing of a stream.
    pub(crate) fn measure(&self) -> Result<Option<Measure>, ContentError> {
        self.known().map(|octets| Measure::of(octets, self.line_ends)).transpose()
    }

    /// The octets, where they are in memory.
    fn known(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Owned(octets) => Some(octets),
            Source::Borrowed(octets) => Some(octets),
            Source::Stream(_) => None,
        }
    }

    /// The same message, to be sent once more. Only one that is in memory can be.
    pub(crate) fn again(&self) -> Option<Self> {
        let source = match &self.source {
            Source::Owned(octets) => Source::Owned(octets.clone()),
            Source::Borrowed(octets) => Source::Borrowed(octets),
            Source::Stream(_) => return None,
        };
        Some(Self { source, line_ends: self.line_ends })
    }

    /// Whether the message can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.known().is_some()
    }

    /// Whether it is known that no piece is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.known().is_some_and(<[u8]>::is_empty)
    }

    /// The next piece, of any length.
    pub(crate) async fn next_piece(&mut self) -> io::Result<Option<Piece<'a>>> {
        match &mut self.source {
            Source::Owned(octets) => {
                Ok(Some(std::mem::take(octets)).filter(|piece| !piece.is_empty()).map(Piece::Owned))
            }
            Source::Borrowed(octets) => {
                let (piece, rest) = octets.split_at(octets.len().min(PIECE));
                *octets = rest;
                Ok(Some(piece).filter(|piece| !piece.is_empty()).map(Piece::Borrowed))
            }
            Source::Stream(source) => poll_fn(|cx| source.as_mut().poll_piece(cx))
                .await
                .transpose()
                .map(|piece| piece.map(Piece::Owned)),
        }
    }
}

/// Octets of a borrowed message that are copied at a time.
const PIECE: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) enum Piece<'a> {
    Owned(Bytes),
    Borrowed(&'a [u8]),
}

impl AsRef<[u8]> for Piece<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Owned(octets) => octets,
            Self::Borrowed(octets) => octets,
        }
    }
}

impl Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("octets", &self.known().map(<[u8]>::len))
            .field("line_ends", &self.line_ends)
            .finish()
    }
}

impl<'a> From<Source<'a>> for Body<'a> {
    fn from(source: Source<'a>) -> Self {
        Self { source, line_ends: LineEnds::default() }
    }
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self::from(Source::Borrowed(octets))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Body<'a> {
    fn from(octets: &'a [u8; N]) -> Self {
        Self::from(octets.as_slice())
    }
}

impl<'a> From<&'a str> for Body<'a> {
    fn from(text: &'a str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl<'a> From<&'a Vec<u8>> for Body<'a> {
    fn from(octets: &'a Vec<u8>) -> Self {
        Self::from(octets.as_slice())
    }
}

impl<'a> From<&'a String> for Body<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<Bytes> for Body<'_> {
    fn from(octets: Bytes) -> Self {
        Self::from(Source::Owned(octets))
    }
}

impl From<Vec<u8>> for Body<'_> {
    fn from(octets: Vec<u8>) -> Self {
        Self::from(Bytes::from(octets))
    }
}

impl From<String> for Body<'_> {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}
