//! Message content on its way in: octets in memory, or a stream of them.
//!
//! The library neither creates nor parses mails. A [`Body`] is an encoded one, and what may be
//! done to its line ends.

mod from;
mod length;
mod meter;
#[cfg(feature = "stream")]
mod stream;

use std::fmt::{self, Debug};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use memchr::memrchr;

pub use length::LengthError;

pub(crate) use crate::proto::content::PIECE;
use crate::proto::content::{ContentError, LineEnds, Measure};
use meter::Meter;

/// A source of octets that are not all there yet.
///
/// It is like a `Stream` of `io::Result<Bytes>` but belongs to no runtime.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of message content",
    label = "has no pieces to send",
    note = "implement `smtp::BodySource` for it, or give the message as `Bytes`, `Vec<u8>`, `String` or a slice",
    note = "a `Stream` goes in through `Body::from_stream`, an `AsyncRead` through `Body::reader`"
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
///
/// Anything else is sent while it is produced: a [`Stream`](Self::from_stream), an
/// [`AsyncRead`](Self::reader), a [file](Self::file), or a [source](Self::stream) of one's own. It
/// is never held whole in memory, and when it fails the message is abandoned: the connection is
/// closed without the final dot, and the error says why ([`Fault::Body`](crate::Fault::Body)).
pub struct Body<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) line_ends: LineEnds,
    meter: Meter<'a>,
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

    /// Says how many octets the source will give, so that `SIZE=` can be declared. It counts line
    /// ends as they are in the source: a bare LF that becomes CRLF is one octet.
    ///
    /// A source that gives more or fewer abandons the message with a [`LengthError`]. Of a message
    /// in memory the length is known, and there is no need to say it.
    #[must_use]
    pub fn length(mut self, octets: u64) -> Self {
        self.meter.announce(octets);
        self
    }

    /// Calls `progress(sent, total)` while the message is sent.
    ///
    /// `sent` counts octets of the message, as the source gives them: before dots are doubled and
    /// line ends completed, and without the final dot. They have been handed to the connection,
    /// where at most 256 KiB of them still wait to be written. It never goes back. `total` is the
    /// length of the message, where it is known.
    ///
    /// The hook is called for each piece, and the last time with `sent` equal to `total`, of
    /// whatever source, if all of the message could be sent. That the server took it is said by
    /// the [`Receipt`](crate::Receipt) alone. It is called while the connection waits, so it should
    /// return soon.
    ///
    /// ```
    /// use smtp::Body;
    ///
    /// let message = "Subject: Hello\r\n\r\nHello.\r\n";
    /// let body = Body::from(message).progress(|sent, total| match total {
    ///     Some(total) => println!("{sent} of {total} octets"),
    ///     None => println!("{sent} octets"),
    /// });
    /// ```
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(u64, Option<u64>) + Send + 'a) -> Self {
        self.meter.watch(progress);
        self
    }

    /// How many octets the source will give, where that is known before it does.
    pub(crate) fn known_length(&self) -> Option<u64> {
        self.meter.announced()
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

    /// The same message, to be sent once more; its progress is not shown again. Only one that is in
    /// memory can be.
    pub(crate) fn again(&self) -> Option<Self> {
        let source = match &self.source {
            Source::Owned(octets) => Source::Owned(octets.clone()),
            Source::Borrowed(octets) => Source::Borrowed(octets),
            Source::Stream(_) => return None,
        };
        Some(Self::from(source).line_ends(self.line_ends))
    }

    /// The message, where it is in memory and nobody wants to see it go.
    pub(crate) fn whole(&self) -> Option<Piece<'a>> {
        match &self.source {
            _ if self.meter.is_watched() => None,
            Source::Owned(octets) => Some(Piece::Owned(octets.clone())),
            Source::Borrowed(octets) => Some(Piece::Borrowed(octets)),
            Source::Stream(_) => None,
        }
    }

    /// Whether the message can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.known().is_some()
    }

    /// Whether it is known that no piece is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.known().is_some_and(<[u8]>::is_empty)
    }

    /// The next piece: of a message in memory at most this many octets, of a source what it gives.
    /// The one before has been handed to the connection.
    pub(crate) async fn next_piece(&mut self, most: usize) -> io::Result<Option<Piece<'a>>> {
        self.meter.handed_over();
        let most = if self.meter.is_watched() { most.min(PIECE) } else { most };
        let piece = match &mut self.source {
            Source::Owned(octets) => {
                let end = cut(octets, most);
                Some(octets.split_to(end)).filter(|piece| !piece.is_empty()).map(Piece::Owned)
            }
            Source::Borrowed(octets) => {
                let (piece, rest) = octets.split_at(cut(octets, most.min(PIECE)));
                *octets = rest;
                Some(piece).filter(|piece| !piece.is_empty()).map(Piece::Borrowed)
            }
            Source::Stream(source) => {
                let piece = poll_fn(|cx| source.as_mut().poll_piece(cx)).await.transpose()?;
                piece.map(Piece::Owned)
            }
        };
        match &piece {
            Some(piece) => self.meter.take(piece.as_ref().len() as u64)?,
            None => self.meter.end()?,
        }
        Ok(piece)
    }
}

/// Where to cut the next piece of a message in memory: behind a line, because whole lines are
/// encoded faster.
fn cut(octets: &[u8], most: usize) -> usize {
    match octets.get(..most) {
        Some(piece) => memrchr(b'\n', piece).map_or(most, |end| end + 1),
        None => octets.len(),
    }
}

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
            .field("octets", &self.known_length())
            .field("line_ends", &self.line_ends)
            .finish()
    }
}

impl<'a> From<Source<'a>> for Body<'a> {
    fn from(source: Source<'a>) -> Self {
        let body = Self { source, line_ends: LineEnds::default(), meter: Meter::default() };
        match body.known().map(|octets| octets.len() as u64) {
            Some(octets) => body.length(octets),
            None => body,
        }
    }
}
