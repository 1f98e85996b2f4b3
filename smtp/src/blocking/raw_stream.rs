//! A connection that is no SMTP session any more.

use std::fmt::{self, Debug};
use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::convert::{IntoBlocking, Kept, sealed::Sealed};
use super::reactor::{Reactor, Waiting};
use crate::connection;
use crate::net::Transport;
use crate::proto::fault::Fault;

/// A connection that is no SMTP session any more, inside TLS if the session was.
///
/// Reading gives first the bytes that came with the server's reply. No timeout is kept.
pub struct RawStream {
    stream: Box<dyn Transport>,
    unread: Bytes,
    reactor: Reactor,
}

impl RawStream {
    fn waiting(reactor: &Reactor) -> io::Result<Waiting<'_>> {
        reactor.here().ok_or_else(|| io::Error::other(Fault::InsideRuntime))
    }
}

impl Read for RawStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return Self::waiting(&self.reactor)?.wait(self.stream.read(buffer));
        }
        let length = self.unread.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.unread.split_to(length));
        Ok(length)
    }
}

impl Write for RawStream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Self::waiting(&self.reactor)?.wait(self.stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::waiting(&self.reactor)?.wait(self.stream.flush())
    }
}

impl IntoBlocking for connection::RawStream {
    type Blocking = RawStream;

    fn into_blocking(self, runtime: Kept) -> RawStream {
        RawStream { stream: self.stream, unread: self.unread, reactor: runtime.0 }
    }
}

impl Sealed for connection::RawStream {}

impl Debug for RawStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawStream").field("unread", &self.unread.len()).finish_non_exhaustive()
    }
}
