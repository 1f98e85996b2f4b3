//! The client's end of a scripted connection.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::machine::{End, Machine, broken};

/// A stream whose other side follows a [`Script`](super::Script).
#[derive(Debug)]
pub struct ScriptedStream {
    machine: Arc<Mutex<Machine>>,
    /// What the next read, and the next write, wait for first.
    stutters: [Stutter; 2],
}

impl ScriptedStream {
    pub(super) fn new(machine: Arc<Mutex<Machine>>) -> Self {
        Self { machine, stutters: [None, None] }
    }
}

/// The machine, also behind a test that failed while it held it.
pub(super) fn lock(machine: &Mutex<Machine>) -> MutexGuard<'_, Machine> {
    machine.lock().unwrap_or_else(PoisonError::into_inner)
}

type Stutter = Option<Pin<Box<Sleep>>>;

/// Makes the task wait for a moment before each read and each write.
fn stutter(stutter: &mut Stutter, machine: &mut Machine, cx: &mut Context<'_>) -> bool {
    if !machine.script.stutter {
        return false;
    }
    let moment = stutter.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(1))));
    if moment.as_mut().poll(cx).is_pending() {
        machine.waits += 1;
        return true;
    }
    *stutter = None;
    false
}

impl AsyncRead for ScriptedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut machine = lock(&this.machine);
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
        if stutter(&mut this.stutters[0], &mut machine, cx) {
            return Poll::Pending;
        }
        let most = machine.script.fragment.unwrap_or(usize::MAX);
        let count = machine.outgoing.len().min(most).min(buffer.remaining());
        let octets: Vec<u8> = machine.outgoing.drain(..count).collect();
        buffer.put_slice(&octets);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ScriptedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut machine = lock(&this.machine);
        if stutter(&mut this.stutters[1], &mut machine, cx) {
            return Poll::Pending;
        }
        if let Some(end) = machine.end {
            return Poll::Ready(Err(broken(end)));
        }
        let count = octets.len().min(machine.script.write_limit.unwrap_or(usize::MAX));
        machine.hear(&octets[..count]);
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
