//! The stream of a connection: a TCP socket or any stream of the caller's, in clear or inside TLS.

use std::fmt::{self, Debug};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
#[cfg(feature = "blocking")]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::handshake_stream::HandshakeStream;
use crate::exclusive::Exclusive;

/// A stream that a session can be carried on: a Unix socket, a proxy's tunnel, a test's pipe.
///
/// Every stream of bytes in both directions is one. It may be of any runtime: tokio's traits ask
/// for none. A stream of `futures-io` becomes one in the `compat` wrapper of `tokio-util`. `Sync`
/// is not asked for; a [`Connection`](crate::Connection) is `Sync` all the same.
#[diagnostic::on_unimplemented(
    message = "a session cannot be carried on `{Self}`",
    label = "is no stream",
    note = "a stream is `AsyncRead`, `AsyncWrite`, `Send`, `Unpin` and owned"
)]
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for T {}

/// The stream of a connection.
pub(crate) enum Stream {
    Clear(Clear),
    Tls(Box<TlsStream<HandshakeStream<Clear>>>),
    /// Taken for a handshake that did not come back.
    Gone,
}

/// A stream without TLS.
pub(crate) enum Clear {
    Tcp(TcpStream),
    /// The caller's own, and whether it writes several slices with one call.
    Other {
        stream: Exclusive<Box<dyn Transport>>,
        vectored: bool,
    },
    /// One of which a connector has read the first bytes.
    Early(Box<Early>),
}

/// A stream, and bytes that come before all that is read from it.
pub(crate) struct Early {
    bytes: Bytes,
    stream: Clear,
}

impl Clear {
    pub(crate) fn other(stream: impl Transport) -> Self {
        // Asked once: `is_write_vectored` takes `&self`, which an exclusive value cannot give.
        let vectored = stream.is_write_vectored();
        let stream: Box<dyn Transport> = Box::new(stream);
        Self::Other { stream: Exclusive::new(stream), vectored }
    }

    /// The same stream, of which these bytes have been read already.
    pub(super) fn with_early(self, bytes: Bytes) -> Self {
        if bytes.is_empty() {
            return self;
        }
        Self::Early(Box::new(Early { bytes, stream: self }))
    }

    /// The address at the other end of a socket of TCP.
    fn peer_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Early(early) => early.stream.peer_address(),
            Self::Other { .. } => None,
        }
    }

    /// The number of bytes that a connector has read, and the session has not.
    pub(super) fn early(&self) -> usize {
        match self {
            Self::Early(early) => early.bytes.len() + early.stream.early(),
            Self::Tcp(_) | Self::Other { .. } => 0,
        }
    }
}

impl Stream {
    /// The address at the other end of a socket of TCP.
    pub(crate) fn peer_address(&self) -> Option<SocketAddr> {
        self.clear()?.peer_address()
    }

    /// The stream that carries TLS, or the session itself.
    fn clear(&self) -> Option<&Clear> {
        match self {
            Self::Clear(clear) => Some(clear),
            Self::Tls(stream) => Some(stream.get_ref().0.get_ref()),
            Self::Gone => None,
        }
    }
}

#[cfg(feature = "blocking")]
impl Stream {
    /// Asks the socket, and not the runtime, whether there is something to read: bytes, the end or
    /// an error. A stream that is no socket may have something.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self.clear() {
            Some(Clear::Tcp(stream)) => {
                let peeked = SockRef::from(stream).peek(&mut [std::mem::MaybeUninit::uninit()]);
                !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            }
            Some(Clear::Other { .. } | Clear::Early(_)) => true,
            None => false,
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Gone => Poll::Ready(Err(gone())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Gone => Poll::Ready(Err(gone())),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Gone => Poll::Ready(Err(gone())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Clear(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Gone => false,
        }
    }

    #[expect(clippy::inline_always, reason = "a call would cost more than the flush of a socket")]
    #[inline(always)]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Gone => Poll::Ready(Err(gone())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for Clear {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Other { stream, .. } => Pin::new(stream.get()).poll_read(cx, buf),
            Self::Early(early) => early.poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Clear {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Other { stream, .. } => Pin::new(stream.get()).poll_write(cx, buf),
            Self::Early(early) => Pin::new(&mut early.stream).poll_write(cx, buf),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Other { stream, .. } => Pin::new(stream.get()).poll_write_vectored(cx, bufs),
            Self::Early(early) => early.poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Other { vectored, .. } => *vectored,
            Self::Early(early) => early.stream.is_write_vectored(),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Other { stream, .. } => Pin::new(stream.get()).poll_flush(cx),
            Self::Early(early) => early.poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Other { stream, .. } => Pin::new(stream.get()).poll_shutdown(cx),
            Self::Early(early) => Pin::new(&mut early.stream).poll_shutdown(cx),
        }
    }
}

/// Out of line: a stream within a stream of its kind cannot be inlined, and would keep the usual
/// ones from being so.
impl Early {
    #[cold]
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.bytes.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let count = self.bytes.len().min(buf.remaining());
        buf.put_slice(&self.bytes[..count]);
        self.bytes.advance(count);
        Poll::Ready(Ok(()))
    }

    #[cold]
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    #[cold]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl Debug for Clear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clear")
    }
}

impl Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear(_) => "Clear",
            Self::Tls(_) => "Tls",
            Self::Gone => "Gone",
        })
    }
}
