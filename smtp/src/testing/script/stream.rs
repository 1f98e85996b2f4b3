//! The client's end of a scripted connection, a stream without a socket.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::machine::{Access, End, Machine, broken};

/// A stream whose other side follows a [`Script`](super::Script).
#[derive(Debug)]
pub struct ScriptedStream {
    machine: Arc<Mutex<Machine>>,
}

impl ScriptedStream {
    pub(super) fn new(machine: Arc<Mutex<Machine>>) -> Self {
        Self { machine }
    }
}

/// The machine, also after a test has failed while it held it.
pub(super) fn lock(machine: &Mutex<Machine>) -> MutexGuard<'_, Machine> {
    machine.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for ScriptedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut machine = lock(&self.machine);
        machine.poll_wait(cx);
        if machine.outgoing.is_empty() {
            machine.refill();
        }
        if machine.outgoing.is_empty() {
            match machine.end {
                Some(End::Closed) => return Poll::Ready(Ok(())),
                Some(End::Reset) => return Poll::Ready(Err(broken(End::Reset))),
                None => {}
            }
            machine.waits += 1;
            machine.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if machine.must_stutter(Access::Read, cx) {
            return Poll::Pending;
        }
        let most = machine.plan.fragment.unwrap_or(usize::MAX);
        let count = machine.outgoing.len().min(most).min(buffer.remaining());
        let bytes: Vec<u8> = machine.outgoing.drain(..count).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ScriptedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut machine = lock(&self.machine);
        if machine.must_stutter(Access::Write, cx) {
            return Poll::Pending;
        }
        if let Some(end) = machine.end {
            return Poll::Ready(Err(broken(end)));
        }
        let count = bytes.len().min(machine.plan.write_limit.unwrap_or(usize::MAX));
        machine.hear(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.machine).client_gone = true;
        Poll::Ready(Ok(()))
    }
}

impl Drop for ScriptedStream {
    fn drop(&mut self) {
        lock(&self.machine).client_gone = true;
    }
}
