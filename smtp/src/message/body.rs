//! The body of a message: bytes in memory, or a source that is polled for them.
//!
//! The library neither creates nor parses mails. A [`Body`] is an encoded mail, and the rule for
//! its line ends.

mod dangerous;
mod each;
mod from;
mod length;
mod length_check;
mod rest;
#[cfg(feature = "stream")]
mod stream;

use std::error::Error;
use std::fmt::{self, Debug};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use memchr::memrchr;

pub use dangerous::DangerousBody;
pub use length::LengthError;

use crate::error::refusal::Refusal;
use crate::exclusive::Exclusive;
use crate::message::transaction::Transaction;
use crate::proto::content::{ContentError, ContentSummary, LineEnds, PIECE, find_long_line};
use length_check::LengthCheck;

/// A source of bytes that are not all there yet.
///
/// It is like a `Stream` of `io::Result<Bytes>` but belongs to no runtime.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of message content",
    label = "has no pieces to send",
    note = "implement `smtp::message::BodySource` for it, or give the message as `Bytes`, `Vec<u8>`, `String` or a slice",
    note = "a `Stream` goes in through `Body::from_stream`, an `AsyncRead` through `Body::reader`"
)]
pub trait BodySource: Send {
    /// The next piece; `None` after the last.
    ///
    /// While it is pending the connection lives: earlier pieces leave, and replies are read. It
    /// starts no timeout of a stage; the server's own timeout, and
    /// [`Timeouts::total`](crate::connect::Timeouts), go on.
    ///
    /// An error abandons the message, and only this message where the protocol allows it: in
    /// chunks, and with DATA as long as the first piece has not come. After that the connection is
    /// closed without the final dot, and the server drops the part that it has (RFC 5321 §3.8).
    fn poll_piece(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>>;
}

/// The body of a message: an encoded mail.
///
/// Bytes in memory are measured before MAIL is sent, so that `SIZE=` is exact and a message that
/// cannot be sent costs no connection. `Bytes`, `Vec<u8>` and `String` are sent without being
/// copied; a borrowed slice is copied once, piece by piece.
///
/// Any other body is sent while it is produced: a [`Stream`](Self::from_stream), an
/// [`AsyncRead`](Self::reader), a [file](Self::file), a [source](Self::stream) of your own, or one
/// that is made [for each transaction](Self::each). It
/// is never held whole in memory. When it fails the message is abandoned, and the error says why:
/// [`Refusal::body_error`](crate::Refusal::body_error) where the session goes on,
/// [`Fault::Body`](crate::error::Fault::Body) where only closing the connection could abandon it.
pub struct Body<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) line_ends: LineEnds,
    /// Bytes beyond ASCII may leave undeclared.
    pub(crate) undeclared: bool,
    length: LengthCheck<'a>,
}

pub(crate) enum Source<'a> {
    Owned(Bytes),
    Borrowed(&'a [u8]),
    Stream(Box<Polled<'a>>),
}

/// A source, and its first piece where that was looked at already.
pub(crate) struct Polled<'a> {
    source: Pin<Box<dyn PolledSource + Sync + 'a>>,
    first: Poll<Option<io::Result<Bytes>>>,
    making: Making,
}

impl Polled<'_> {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match std::mem::replace(&mut self.first, Poll::Pending) {
            Poll::Ready(first) => Poll::Ready(first),
            Poll::Pending => self.source.as_mut().poll_piece(cx),
        }
    }
}

/// Whether a source is a body that is made for each transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Making {
    Never,
    /// It is not made yet.
    Due,
    /// It is made, and has the choices of the one that was made; before, it had these.
    Done(Choices),
}

/// The caller's choices for the content of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choices {
    line_ends: LineEnds,
    undeclared: bool,
}

/// A body that was made, as far as it is known before it is sent.
struct Made {
    choices: Choices,
    bytes: Option<u64>,
}

/// Decides whether a body that was made may be sent in its transaction.
pub(crate) type Check<'c> = &'c mut dyn FnMut(&Body<'_>) -> Result<(), Refusal>;

/// A source as a body keeps it.
// Without the lifetime of the bodies that are made: so a body of a longer lifetime is also one of a
// shorter lifetime.
trait PolledSource: BodySource {
    /// Makes the body for a transaction, where it is made for each. `choices` are those for all of
    /// them.
    fn make(
        self: Pin<&mut Self>,
        transaction: &Transaction<'_>,
        choices: Choices,
        check: Check<'_>,
    ) -> Result<Made, Refusal>;
}

/// A source in a type that is `Sync`. The wrapper is inside the box, so that a body of a longer
/// lifetime is also one of a shorter lifetime.
struct Unshared<S>(Exclusive<Pin<Box<S>>>);

impl<S: BodySource> BodySource for Unshared<S> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.0.get().as_mut().poll_piece(cx)
    }
}

impl<S: BodySource> PolledSource for Unshared<S> {
    fn make(
        self: Pin<&mut Self>,
        _: &Transaction<'_>,
        _: Choices,
        _: Check<'_>,
    ) -> Result<Made, Refusal> {
        Err(Refusal::body(io::Error::other("a source is not made for a transaction")))
    }
}

impl<'a> Body<'a> {
    /// A message from a [`BodySource`], which produces it while it is sent, of unknown length. It
    /// is declared as `BODY=8BITMIME` where the server offers it; where the server does not, bytes
    /// beyond ASCII abandon the message. A header in UTF-8 takes SMTPUTF8, which the envelope asks
    /// for: `Envelope::with(SmtpUtf8)`.
    ///
    /// Two kinds of source need no implementation of the trait:
    ///
    /// - a futures `Stream` of pieces, `Stream<Item = Result<impl Into<Bytes>, E>>`:
    ///   [`Body::from_stream(stream)`](Self::from_stream), with the feature `stream`;
    /// - an `AsyncRead` of tokio: [`Body::reader(reader)`](Self::reader).
    ///
    /// Any other source implements it:
    ///
    /// ```
    /// use std::io;
    /// use std::pin::Pin;
    /// use std::task::{Context, Poll};
    ///
    /// use bytes::Bytes;
    /// use smtp::Body;
    /// use smtp::message::BodySource;
    ///
    /// /// A message of 1000 lines, each of which is made when the connection has room for it.
    /// struct Lines(u32);
    ///
    /// impl BodySource for Lines {
    ///     fn poll_piece(
    ///         mut self: Pin<&mut Self>,
    ///         _: &mut Context<'_>,
    ///     ) -> Poll<Option<io::Result<Bytes>>> {
    ///         self.0 += 1;
    ///         Poll::Ready((self.0 <= 1000).then(|| Ok(format!("line {}\r\n", self.0).into())))
    ///     }
    /// }
    ///
    /// let body = Body::stream(Lines(0));
    /// ```
    pub fn stream(source: impl BodySource + 'a) -> Self {
        let source = Box::pin(Unshared(Exclusive::new(Box::pin(source))));
        let polled = Polled { source, first: Poll::Pending, making: Making::Never };
        Self::from(Source::Stream(Box::new(polled)))
    }

    /// Sets what is done to line ends that are not CRLF.
    #[must_use]
    pub fn line_ends(mut self, line_ends: LineEnds) -> Self {
        self.line_ends = line_ends;
        self
    }

    /// Says how many bytes the source will give, so that `SIZE=` can be declared. It counts line
    /// ends as they are in the source: a bare LF that becomes CRLF is one byte.
    ///
    /// A source that gives more or fewer abandons the message with a [`LengthError`]. Of a message
    /// in memory the length is known, and there is no need to say it.
    #[must_use]
    pub fn length(mut self, bytes: u64) -> Self {
        self.length.announce(bytes);
        self
    }

    /// Calls `progress(sent, total)` while the message is sent.
    ///
    /// `sent` counts bytes of the message, as the source gives them: before dots are doubled and
    /// line ends completed, and without the final dot. They have been handed to the connection,
    /// where at most 256 KiB of them still wait to be written. It never goes back. `total` is the
    /// length of the message, where it is known.
    ///
    /// The function is called for each piece, and the last time with `sent` equal to `total` if all
    /// of the message could be sent, whatever its source. Only the [`Receipt`](crate::Receipt) says
    /// that the server took the message. The connection waits during the call, so it should return
    /// soon.
    ///
    /// ```
    /// use smtp::Body;
    ///
    /// let message = "Subject: Hello\r\n\r\nHello.\r\n";
    /// let body = Body::from(message).progress(|sent, total| match total {
    ///     Some(total) => println!("{sent} of {total} bytes"),
    ///     None => println!("{sent} bytes"),
    /// });
    /// ```
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(u64, Option<u64>) + Send + 'a) -> Self {
        if let Some(bytes) = self.known_length() {
            self.length.announce(bytes);
        }
        self.length.watch(progress);
        self
    }

    /// Looks for a line of more than 998 bytes, which servers may refuse, cut or fold: a client must
    /// not send one (RFC 5321 §4.5.3.1.6). A body is sent with it all the same, unless its
    /// [`line_ends`](Self::line_ends) are [`Strict`](LineEnds::Strict).
    ///
    /// Only a message in memory is looked at, and not one that is
    /// [`Binary`](LineEnds::Binary), which has no lines.
    ///
    /// # Errors
    ///
    /// [`ContentError::LineTooLong`] names the first such line.
    ///
    /// ```
    /// use smtp::Body;
    /// use smtp::error::ContentError;
    ///
    /// let html = format!("Subject: Hello\r\n\r\n<p>{}</p>\r\n", "x".repeat(1000));
    /// let body = Body::from(html);
    /// assert_eq!(body.check_lines(), Err(ContentError::LineTooLong(1025)));
    /// ```
    pub fn check_lines(&self) -> Result<(), ContentError> {
        match self.known() {
            Some(bytes) if self.line_ends != LineEnds::Binary => find_long_line(bytes),
            _ => Ok(()),
        }
    }

    /// How many bytes the source will give, where that is known before it does.
    pub(crate) fn known_length(&self) -> Option<u64> {
        self.length.announced().or_else(|| Some(self.known()?.len() as u64))
    }

    /// Checks that a message in memory has the [announced](Self::length) length.
    pub(crate) fn check_length(&self) -> Result<(), LengthError> {
        match self.known() {
            Some(bytes) => self.length.check_all(bytes.len() as u64),
            None => Ok(()),
        }
    }

    /// The summary of a message in memory; none of a stream.
    pub(crate) fn summary(&self) -> Result<Option<ContentSummary>, ContentError> {
        self.known().map(|bytes| ContentSummary::of(bytes, self.line_ends)).transpose()
    }

    /// The bytes, where they are in memory.
    fn known(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Owned(bytes) => Some(bytes),
            Source::Borrowed(bytes) => Some(bytes),
            Source::Stream(_) => None,
        }
    }

    /// The same message, to be sent once more; its progress is not reported again. Only one that is
    /// in memory can be.
    pub(crate) fn again(&self) -> Option<Self> {
        let source = match &self.source {
            Source::Owned(bytes) => Source::Owned(bytes.clone()),
            Source::Borrowed(bytes) => Source::Borrowed(bytes),
            Source::Stream(_) => return None,
        };
        let undeclared = self.undeclared;
        Some(Self { undeclared, ..Self::from(source).line_ends(self.line_ends) })
    }

    /// The message, where it is in memory and its progress is not reported.
    pub(crate) fn whole(&self) -> Option<Segment<'a>> {
        match &self.source {
            _ if self.length.is_watched() => None,
            Source::Owned(bytes) => Some(Segment::Owned(bytes.clone())),
            Source::Borrowed(bytes) => Some(Segment::Borrowed(bytes)),
            Source::Stream(_) => None,
        }
    }

    /// The message for its caller to keep, where it is in memory of its own and borrows nothing.
    pub(crate) fn into_owned(self) -> Option<Body<'static>> {
        match self.source {
            Source::Owned(bytes) if !self.length.is_watched() => {
                let mut body = Body::from(Source::Owned(bytes)).line_ends(self.line_ends);
                body.undeclared = self.undeclared;
                if let Some(announced) = self.length.announced() {
                    body.length.announce(announced);
                }
                Some(body)
            }
            _ => None,
        }
    }

    /// Whether the message can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.known().is_some() || self.is_each()
    }

    /// Whether the segments come from [polling](Self::poll_segment).
    #[inline]
    pub(crate) fn is_polled(&self) -> bool {
        matches!(self.source, Source::Stream(_))
    }

    /// Polls for the first piece, and keeps it: the body is as it was. Ready at once of a message
    /// in memory.
    pub(crate) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Source::Stream(polled) = &mut self.source else {
            return Poll::Ready(());
        };
        if polled.first.is_pending() {
            polled.first = polled.source.as_mut().poll_piece(cx);
        }
        if polled.first.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether the first piece is here, or there is nothing to be waited for.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.source {
            Source::Stream(polled) => polled.first.is_ready(),
            Source::Owned(_) | Source::Borrowed(_) => true,
        }
    }

    /// Why the source has failed with its first piece, also where that cannot be the first of as
    /// many bytes as were announced.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        let Source::Stream(polled) = &mut self.source else {
            return None;
        };
        let first = match std::mem::replace(&mut polled.first, Poll::Pending) {
            Poll::Ready(Some(Err(error))) => return Some(error),
            Poll::Ready(Some(Ok(piece))) => Some(piece),
            Poll::Ready(None) => None,
            Poll::Pending => return None,
        };
        let checked = self.length.check_first(first.as_ref().map(Bytes::len));
        polled.first = Poll::Ready(first.map(Ok));
        checked.err().map(Into::into)
    }

    /// Whether it is known that no piece is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.known().is_some_and(<[u8]>::is_empty)
    }

    /// The next segment of a message in memory, of at most this many bytes; `None` after the last.
    /// The one before has been handed to the connection.
    pub(crate) fn next_segment(&mut self, most: usize) -> io::Result<Option<Segment<'a>>> {
        self.length.handed_over();
        let most = if self.length.is_watched() { most.min(PIECE) } else { most };
        let segment = match &mut self.source {
            Source::Owned(bytes) => {
                let end = cut(bytes, most);
                Some(bytes.split_to(end)).filter(|piece| !piece.is_empty()).map(Segment::Owned)
            }
            Source::Borrowed(bytes) => {
                let (piece, rest) = bytes.split_at(cut(bytes, most.min(PIECE)));
                *bytes = rest;
                Some(piece).filter(|piece| !piece.is_empty()).map(Segment::Borrowed)
            }
            Source::Stream(_) => None,
        };
        self.length.check(segment.as_ref().map(|segment| segment.as_ref().len()))?;
        Ok(segment)
    }

    /// The next segment of a message that is produced while it is sent; `None` after the last.
    pub(crate) fn poll_segment(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Segment<'a>>>> {
        let Source::Stream(source) = &mut self.source else {
            return Poll::Ready(self.next_segment(PIECE));
        };
        self.length.handed_over();
        let piece = match source.as_mut().poll_piece(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(piece) => piece.transpose()?,
        };
        self.length.check(piece.as_ref().map(Bytes::len))?;
        Poll::Ready(Ok(piece.map(Segment::Owned)))
    }
}

/// Where to cut the next segment of a message in memory: after a line, because whole lines are
/// encoded faster.
fn cut(bytes: &[u8], most: usize) -> usize {
    match bytes.get(..most) {
        Some(piece) => memrchr(b'\n', piece).map_or(most, |end| end + 1),
        None => bytes.len(),
    }
}

/// A part of a message that is being sent.
#[derive(Debug)]
pub(crate) enum Segment<'a> {
    Owned(Bytes),
    Borrowed(&'a [u8]),
}

impl Segment<'_> {
    fn into_bytes(self) -> Bytes {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
        }
    }
}

impl AsRef<[u8]> for Segment<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Borrowed(bytes) => bytes,
        }
    }
}

/// The error of a caller's source as that of a body.
fn io_error(error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    match error.into().downcast::<io::Error>() {
        Ok(error) => *error,
        Err(error) => io::Error::other(error),
    }
}

impl Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("bytes", &self.known_length())
            .field("line_ends", &self.line_ends)
            .finish()
    }
}

impl<'a> From<Source<'a>> for Body<'a> {
    fn from(source: Source<'a>) -> Self {
        let (line_ends, length) = (LineEnds::default(), LengthCheck::default());
        Self { source, line_ends, undeclared: false, length }
    }
}
