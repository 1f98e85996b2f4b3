//! A way to a server that takes time, so that a test can count round trips.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The time from a write of the client to the first byte of the server's answer.
pub const ROUND_TRIP: Duration = Duration::from_secs(1);

/// A stream whose other side answers at once, at a distance of [`ROUND_TRIP`].
#[derive(Debug)]
pub struct Distant<S> {
    inner: S,
    /// The client's writes, and when the server has each and its answer is back.
    under_way: VecDeque<(Instant, Vec<u8>)>,
    /// The first words of the server come no earlier.
    opens: Instant,
    wait: Pin<Box<Sleep>>,
}

impl<S> Distant<S> {
    /// A stream to a server that has just learnt of the client.
    pub fn new(inner: S) -> Self {
        let opens = Instant::now() + ROUND_TRIP;
        Self { inner, under_way: VecDeque::new(), opens, wait: Box::pin(sleep_until(opens)) }
    }
}

impl<S: AsyncWrite + Unpin> Distant<S> {
    /// Hands over what has arrived by now.
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((arrives, bytes)) = self.under_way.front_mut() {
            if *arrives > Instant::now() {
                break;
            }
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
            bytes.drain(..written);
            if bytes.is_empty() {
                self.under_way.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Distant<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_arrived(cx))?;
            if self.opens <= Instant::now() {
                let before = buffer.filled().len();
                let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
                // An end that is there may have come before what is under way: it is told after.
                let is_end = buffer.filled().len() == before && !self.under_way.is_empty();
                if read.is_ready() && !is_end {
                    return read;
                }
            }
            let next = self.under_way.front().map_or(self.opens, |(arrives, _)| *arrives);
            if next <= Instant::now() {
                return Poll::Pending;
            }
            self.wait.as_mut().reset(next);
            ready!(self.wait.as_mut().poll(cx));
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Distant<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let arrives = (Instant::now() + ROUND_TRIP).max(self.opens);
        self.under_way.push_back((arrives, bytes.to_vec()));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for (_, bytes) in std::mem::take(&mut self.under_way) {
            self.under_way.push_back((Instant::now(), bytes));
        }
        ready!(self.poll_arrived(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
