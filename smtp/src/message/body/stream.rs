//! A message from a `Stream` of futures-core.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::{Body, BodySource, io_error};

impl<'a> Body<'a> {
    /// A message from a [`Stream`] of pieces, such as the body of an HTTP request or an object of
    /// an object store. Its length is unknown, unless it is [given](Self::length).
    ///
    /// An error of the stream abandons the message. An [`io::Error`] is kept as it is, any other is
    /// the inner error of one.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use futures_core::Stream;
    /// use smtp::Body;
    ///
    /// fn with_length<S>(pieces: S, bytes: u64) -> Body<'static>
    /// where
    ///     S: Stream<Item = Result<Vec<u8>, Infallible>> + Send + 'static,
    /// {
    ///     Body::from_stream(pieces).length(bytes)
    /// }
    /// ```
    pub fn from_stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'a,
        B: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::stream(StreamSource(Box::pin(stream)))
    }
}

struct StreamSource<S>(Pin<Box<S>>);

impl<S, B, E> BodySource for StreamSource<S>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Into<Bytes>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let piece = self.0.as_mut().poll_next(cx);
        piece.map(|piece| piece.map(|piece| piece.map(Into::into).map_err(io_error)))
    }
}
