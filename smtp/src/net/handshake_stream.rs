//! The stream below TLS, which watches the handshake.
//!
//! A server that speaks clear text where TLS was to begin often closes as well, and then writing
//! may fail before its words are read. They say more than the broken pipe does, so the error of a
//! write waits until all that has come was read.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::clock::{Clock, REPLY_GRACE, deadline};

/// Bytes that are kept of what came first: a line of a reply.
const MAX_KEPT: usize = 512;

/// A stream without TLS, below a session inside TLS.
pub(crate) struct HandshakeStream<S> {
    stream: S,
    /// None once the handshake is done.
    watch: Option<Watch>,
}

/// The watch over a handshake: the first bytes, and the error of a write. A clone is the same one.
#[derive(Clone)]
pub(super) struct Watch {
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    first: Vec<u8>,
    write_error: Option<io::Error>,
    /// Fires when the error of writing has waited long enough.
    grace: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<S> HandshakeStream<S> {
    pub(super) fn new(stream: S, watch: Watch) -> Self {
        Self { stream, watch: Some(watch) }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The handshake is done: errors are told at once from here on. The one of a write that has
    /// failed meanwhile is.
    pub(super) fn end_watch(&mut self) -> io::Result<()> {
        let error = self.watch.take().and_then(|watch| watch.seen().write_error.take());
        error.map_or(Ok(()), Err)
    }
}

impl Watch {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Arc::default() }
    }

    /// The bytes that came first, up to a limit.
    pub(super) fn first(&self) -> Vec<u8> {
        self.seen().first.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes or flushes. An error is kept for later, and from then on all is as if it had gone
    /// well.
    // Cold, as `read` is: the stream is used long after its handshake.
    #[cold]
    fn write<T>(
        &self,
        as_if: T,
        write: impl FnOnce() -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.seen().write_error.is_some() {
            return Poll::Ready(Ok(as_if));
        }
        let result = ready!(write());
        Poll::Ready(result.or_else(|error| {
            self.seen().write_error = Some(error);
            Ok(as_if)
        }))
    }

    /// Reads, and takes note of it.
    #[cold]
    fn read(
        &self,
        stream: Pin<&mut impl AsyncRead>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = stream.poll_read(cx, buf);
        self.after_read(cx, polled, &buf.filled()[before..])
    }

    /// Keeps what was read. Where nothing more comes, the error of writing is why.
    fn after_read(
        &self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<()>>,
        read: &[u8],
    ) -> Poll<io::Result<()>> {
        let mut seen = self.seen();
        match polled {
            Poll::Ready(Ok(())) if !read.is_empty() => {
                let room = MAX_KEPT.saturating_sub(seen.first.len());
                seen.first.extend_from_slice(&read[..read.len().min(room)]);
                polled
            }
            Poll::Ready(_) => {
                seen.write_error.take().map_or(polled, |error| Poll::Ready(Err(error)))
            }
            Poll::Pending if seen.write_error.is_none() => Poll::Pending,
            Poll::Pending => {
                let grace = match seen.grace.take() {
                    Some(grace) => Ok(grace),
                    None => self.clock.timer(deadline(&*self.clock, REPLY_GRACE)),
                };
                // Without timers there is no grace.
                if let Ok(mut grace) = grace
                    && grace.as_mut().poll(cx).is_pending()
                {
                    seen.grace = Some(grace);
                    return Poll::Pending;
                }
                seen.write_error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HandshakeStream<S> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, watch } = self.get_mut();
        let stream = Pin::new(stream);
        match watch {
            None => stream.poll_read(cx, buf),
            Some(watch) => watch.read(stream, cx, buf),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HandshakeStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, watch } = self.get_mut();
        let stream = Pin::new(stream);
        match watch {
            None => stream.poll_write(cx, buf),
            Some(watch) => watch.write(buf.len(), || stream.poll_write(cx, buf)),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, watch } = self.get_mut();
        let stream = Pin::new(stream);
        match watch {
            None => stream.poll_write_vectored(cx, bufs),
            Some(watch) => {
                let length = bufs.iter().map(|buf| buf.len()).sum();
                watch.write(length, || stream.poll_write_vectored(cx, bufs))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, watch } = self.get_mut();
        let stream = Pin::new(stream);
        match watch {
            None => stream.poll_flush(cx),
            Some(watch) => watch.write((), || stream.poll_flush(cx)),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
