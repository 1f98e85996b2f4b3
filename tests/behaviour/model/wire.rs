//! The connection between client and model server: two byte queues in memory with wakers.
//!
//! It cuts both directions into pieces, holds a writer back when the other side does not read, and
//! keeps the books that the oracle needs: which bytes each side had taken when.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// End of stream; a write after it fails.
    Close,
    /// End of stream; what the client still writes goes nowhere (a half-closed socket).
    CloseDeaf,
    /// Reset; replies that had arrived can still be read.
    Reset,
    /// Reset; replies that the client had not read are gone.
    ResetAndForget,
    /// The server neither reads nor writes any more, and the connection stays open.
    Silence,
}

/// Sizes of the pieces in which bytes move, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segmentation {
    /// The bytes that each queue holds before its writer must wait.
    pub(super) room: usize,
    /// At most so many for each read of the client.
    pub(super) client_reads: usize,
    /// At most so many for each write of the client.
    pub(super) client_writes: usize,
    /// The client may write several slices at once.
    pub(super) vectored: bool,
}

/// The client's end.
#[derive(Debug)]
pub(super) struct ClientEnd(Arc<Mutex<Shared>>);

/// The server's end, and the books.
#[derive(Clone, Debug)]
pub(super) struct ServerEnd(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    pieces: Segmentation,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// Bytes that the client has written so far.
    written: u64,
    /// Bytes that the client has read so far.
    read: u64,
    /// For each write of the client: where it began, and how much the client had read by then.
    writes: Vec<(u64, u64)>,
    end: Option<End>,
    /// The client has seen the end of stream, or an error.
    end_seen: bool,
    /// Bytes that the client tried to write after it had seen the end.
    written_after_end: usize,
    client_gone: bool,
    client_reader: Option<Waker>,
    client_writer: Option<Waker>,
    server: Option<Waker>,
}

/// A connection.
pub(super) fn connection(pieces: Segmentation) -> (ClientEnd, ServerEnd) {
    let shared = Arc::new(Mutex::new(Shared {
        pieces,
        to_server: VecDeque::new(),
        to_client: VecDeque::new(),
        written: 0,
        read: 0,
        writes: Vec::new(),
        end: None,
        end_seen: false,
        written_after_end: 0,
        client_gone: false,
        client_reader: None,
        client_writer: None,
        server: None,
    }));
    (ClientEnd(Arc::clone(&shared)), ServerEnd(shared))
}

/// The books, also after a test that held them has panicked.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl ServerEnd {
    /// At most `most` bytes of what the client wrote; none when it has gone and everything was
    /// read. A server that has `ended` reads only once the client has gone.
    pub(super) async fn read(&self, most: usize, ended: bool) -> Option<Vec<u8>> {
        poll_fn(|cx| {
            let mut shared = lock(&self.0);
            if !shared.to_server.is_empty() && (!ended || shared.client_gone) {
                let count = shared.to_server.len().min(most);
                let bytes = shared.to_server.drain(..count).collect();
                wake(&mut shared.client_writer);
                return Poll::Ready(Some(bytes));
            }
            if shared.client_gone {
                return Poll::Ready(None);
            }
            shared.server = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Writes these bytes, as there is room for them. Bytes that a client no longer reads are
    /// dropped.
    pub(super) async fn write(&self, mut bytes: &[u8]) {
        poll_fn(|cx| {
            let mut shared = lock(&self.0);
            while !bytes.is_empty() && !shared.client_gone {
                let room = shared.pieces.room.saturating_sub(shared.to_client.len());
                if room == 0 {
                    shared.server = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                let (piece, rest) = bytes.split_at(room.min(bytes.len()));
                shared.to_client.extend(piece);
                bytes = rest;
                wake(&mut shared.client_reader);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Ends the connection.
    pub(super) fn end(&self, end: End) {
        let mut shared = lock(&self.0);
        shared.end = Some(end);
        if end == End::ResetAndForget {
            shared.to_client.clear();
        }
        wake(&mut shared.client_reader);
        wake(&mut shared.client_writer);
    }

    /// How many bytes the client has written.
    pub(super) fn written(&self) -> u64 {
        lock(&self.0).written
    }

    /// How many bytes the client has read.
    pub(super) fn read_by_client(&self) -> u64 {
        lock(&self.0).read
    }

    /// How many bytes the client had read when it wrote the byte at this offset.
    pub(super) fn read_before(&self, offset: u64) -> u64 {
        let shared = lock(&self.0);
        let after = shared.writes.partition_point(|&(start, _)| start <= offset);
        shared.writes[..after].last().map_or(0, |&(_, read)| read)
    }

    /// Bytes that have arrived at the client, and that it has not read.
    pub(super) fn unread(&self) -> usize {
        lock(&self.0).to_client.len()
    }

    /// Bytes that the client tried to write after it had seen the end.
    pub(super) fn written_after_end(&self) -> usize {
        lock(&self.0).written_after_end
    }
}

impl AsyncRead for ClientEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut shared = lock(&self.0);
        if shared.to_client.is_empty() {
            return match shared.end {
                Some(End::Close | End::CloseDeaf) => {
                    shared.end_seen = true;
                    Poll::Ready(Ok(()))
                }
                Some(End::Reset | End::ResetAndForget) => {
                    shared.end_seen = true;
                    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
                }
                Some(End::Silence) | None => {
                    shared.client_reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let most = shared.pieces.client_reads.min(buffer.remaining());
        let count = shared.to_client.len().min(most);
        let bytes: Vec<u8> = shared.to_client.drain(..count).collect();
        buffer.put_slice(&bytes);
        shared.read += count as u64;
        wake(&mut shared.server);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut shared = lock(&self.0);
        if shared.end_seen {
            shared.written_after_end += bytes.len();
        }
        let room = match shared.end {
            Some(End::Close) => {
                shared.end_seen = true;
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            Some(End::Reset | End::ResetAndForget) => {
                shared.end_seen = true;
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            Some(End::CloseDeaf) => usize::MAX,
            Some(End::Silence) | None => shared.pieces.room.saturating_sub(shared.to_server.len()),
        };
        let count = bytes.len().min(room).min(shared.pieces.client_writes);
        if count == 0 && !bytes.is_empty() {
            shared.client_writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let write = (shared.written, shared.read);
        shared.writes.push(write);
        shared.to_server.extend(&bytes[..count]);
        shared.written += count as u64;
        wake(&mut shared.server);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let most = lock(&self.0).pieces.client_writes.min(64 * 1024);
        let mut bytes = Vec::new();
        for slice in slices {
            bytes.extend_from_slice(&slice[..slice.len().min(most - bytes.len())]);
        }
        self.poll_write(cx, &bytes)
    }

    fn is_write_vectored(&self) -> bool {
        lock(&self.0).pieces.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        leave(&self.0);
        Poll::Ready(Ok(()))
    }
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        leave(&self.0);
    }
}

fn leave(shared: &Mutex<Shared>) {
    let mut shared = lock(shared);
    shared.client_gone = true;
    wake(&mut shared.server);
}
