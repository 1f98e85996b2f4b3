//! The driver: moves octets between the engine and the stream, and watches the clock.
//!
//! What is under way lives here, never in a future. So a future that is dropped loses nothing but
//! its own place in the conversation, and the next call sees that and refuses to go on.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use smtp_grammar::Capabilities;
use tokio::io::{AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout};

use super::stream::Stream;
use super::timer::Timer;
use crate::proto::command::Command;
use crate::proto::engine::{Arrived, Engine, Outcome};
use crate::proto::fault::Fault;
use crate::proto::limits::Limits;
use crate::proto::line::{Declared, EncodeError};
use crate::proto::output::Output;
use crate::proto::stage::{Stage, Timeouts};
use crate::proto::trace::Observer;

/// Octets read at a time.
const READ: usize = 4096;
/// Slices written at a time.
const SLICES: usize = 64;
/// Slices that few flights exceed: a table of all of them costs more than the rest of a write.
const FEW: usize = 4;
/// How long a reply may still take after the connection has refused to be written to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a caller waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Octets from the server.
    Reply,
    /// Fewer octets that wait to be written.
    Room,
}

/// A stream with an engine.
#[derive(Debug)]
pub(crate) struct Driver {
    engine: Engine,
    stream: Stream,
    timer: Timer,
    timeouts: Timeouts,
    /// When the whole connection must be over.
    latest: Option<Instant>,
    /// The stage that the timer was set for.
    timed: Option<Stage>,
    /// Octets that have left since the timer was set for content.
    progress: usize,
    /// A call is under way. Found set by the next call, its future was dropped.
    busy: bool,
    interrupted: bool,
    flushed: bool,
    /// Writing failed; the server may have said why before it closed.
    write_error: Option<io::Error>,
}

impl Driver {
    /// A driver that waits for the server's greeting.
    pub(crate) fn new(
        stream: Stream,
        timeouts: Timeouts,
        limits: Limits,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        let latest = timeouts.total.and_then(|total| Instant::now().checked_add(total));
        Self {
            engine: Engine::new(limits, observer),
            stream,
            timer: Timer::new(),
            timeouts,
            latest,
            timed: None,
            progress: 0,
            busy: false,
            interrupted: false,
            flushed: true,
            write_error: None,
        }
    }

    /// Begins a call. Every call that may wait begins with this and ends with
    /// [`leave`](Self::leave).
    pub(crate) fn enter(&mut self) -> Result<(), Fault> {
        if self.interrupted || (self.busy && !self.engine.has_ended()) {
            self.interrupted = true;
            return Err(self.fail(Fault::Interrupted));
        }
        let looked = self.look();
        if let Err(fault) = looked.and_then(|()| self.engine.check_idle()) {
            return Err(self.fail(fault));
        }
        self.busy = true;
        Ok(())
    }

    /// Reads what has arrived since the last call, without waiting: a reply that nobody asked for
    /// must be seen before a command is written that it would be taken to answer.
    fn look(&mut self) -> Result<(), Fault> {
        if self.engine.has_ended() {
            return Ok(());
        }
        // Whoever waits next leaves a waker of its own.
        match self.poll_read(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(0)) => Err(Fault::Closed),
            Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
            Poll::Ready(Err(error)) => Err(Fault::Io(error)),
        }
    }

    /// Ends a call: no reply is due any more.
    pub(crate) fn leave(&mut self) {
        self.busy = false;
    }

    /// The engine, to queue what is to be sent.
    pub(crate) fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Queues a command.
    pub(crate) fn submit<C: Command>(
        &mut self,
        command: &C,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Result<Declared, EncodeError> {
        self.engine.submit(command, capabilities, utf8)
    }

    /// Waits for the reply to the oldest command in flight, and writes what is queued meanwhile.
    pub(crate) async fn reply(&mut self) -> Result<Outcome, Fault> {
        poll_fn(|cx| self.poll_reply(cx)).await
    }

    /// As [`reply`](Self::reply).
    pub(crate) fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Result<Outcome, Fault>> {
        self.poll_arrived(cx).map_ok(|arrived| self.engine.take(&arrived))
    }

    /// As [`reply`](Self::reply), of which no more may be taken than the caller needs.
    pub(crate) async fn arrived(&mut self) -> Result<Arrived, Fault> {
        poll_fn(|cx| self.poll_arrived(cx)).await
    }

    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrived, Fault>> {
        loop {
            if let Some(arrived) = self.buffered()? {
                return Poll::Ready(Ok(arrived));
            }
            ready!(self.poll_progress(cx, Wanted::Reply))?;
        }
    }

    /// Writes and reads as far as the stream allows, and waits until it did either.
    pub(crate) async fn progress(&mut self, wanted: Wanted) -> Result<(), Fault> {
        poll_fn(|cx| self.poll_progress(cx, wanted)).await
    }

    /// The reply to the oldest command in flight, if it is here already.
    pub(crate) fn buffered(&mut self) -> Result<Option<Arrived>, Fault> {
        let arrived = self.engine.next_arrived().map_err(|fault| self.fail(fault))?;
        if arrived.is_some() {
            self.timed = None;
        }
        Ok(arrived)
    }

    /// Whether nothing has come since the last look.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.engine.is_waiting()
    }

    /// The reply to the oldest command in flight, if it is here and is as nearly all replies are.
    #[inline]
    pub(crate) fn buffered_plain(&mut self) -> Option<Arrived> {
        let arrived = self.engine.next_plain();
        if arrived.is_some() {
            self.timed = None;
        }
        arrived
    }

    /// Waits for a reply, or until at most `most` octets are still to be written, whichever comes
    /// first.
    pub(crate) async fn arrived_or_room(&mut self, most: usize) -> Result<Option<Arrived>, Fault> {
        poll_fn(|cx| {
            loop {
                if let Some(arrived) = self.buffered()? {
                    return Poll::Ready(Ok(Some(arrived)));
                }
                if self.engine.output().remaining() <= most {
                    return Poll::Ready(Ok(None));
                }
                ready!(self.poll_progress(cx, Wanted::Room))?;
            }
        })
        .await
    }

    /// Waits until at most `most` octets are still to be written.
    pub(crate) async fn drain(&mut self, most: usize) -> Result<(), Fault> {
        poll_fn(|cx| {
            loop {
                if let Err(fault) = self.engine.check_unasked() {
                    return Poll::Ready(Err(self.fail(fault)));
                }
                if self.engine.output().remaining() <= most && (most > 0 || self.flushed) {
                    return Poll::Ready(Ok(()));
                }
                ready!(self.poll_progress(cx, Wanted::Room))?;
            }
        })
        .await
    }

    /// Writes what is queued and closes the stream, as far as that works within the time that QUIT
    /// may take: nothing depends on it.
    pub(crate) async fn close(&mut self) {
        let limit = self.timeouts.quit;
        let closing = async {
            let _ = self.drain(0).await;
            let _ = poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await;
        };
        let _ = timeout(limit, closing).await;
        self.stream = Stream::Gone;
    }

    /// Ends the connection: the stream is closed, and every later call says that it is gone.
    pub(crate) fn fail(&mut self, fault: Fault) -> Fault {
        self.stream = Stream::Gone;
        self.engine.end(fault)
    }

    /// Whether the connection is gone.
    pub(crate) fn has_ended(&self) -> bool {
        self.engine.has_ended()
    }

    /// Whether, of what was queued, the octets up to this place have left.
    pub(crate) fn has_left(&self, place: u64) -> bool {
        self.engine.has_left(place)
    }

    /// Whether the last content has left whole.
    pub(crate) fn content_has_left(&self) -> bool {
        self.engine.content_has_left()
    }

    /// Takes the stream out of SMTP, with what was read and not asked for.
    pub(crate) fn into_parts(mut self) -> (Stream, Bytes) {
        let unread = self.engine.take_unread();
        (self.take_stream(), unread)
    }

    /// Takes the stream, for a handshake.
    pub(crate) fn take_stream(&mut self) -> Stream {
        std::mem::replace(&mut self.stream, Stream::Gone)
    }

    /// Goes on over another stream.
    pub(crate) fn set_stream(&mut self, stream: Stream) {
        self.stream = stream;
    }

    /// How long a stage may take, not counting what is left of the connection's own time.
    pub(crate) fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// When the whole connection must be over.
    pub(crate) fn latest(&self) -> Option<Instant> {
        self.latest
    }

    /// Writes and reads once each, as far as the stream allows. Reading goes on while writing
    /// waits, so that two sides that both have much to say cannot block each other. Ready when the
    /// caller should look again.
    fn poll_progress(&mut self, cx: &mut Context<'_>, wanted: Wanted) -> Poll<Result<(), Fault>> {
        let wrote = match self.poll_write(cx) {
            Poll::Ready(Ok(())) => wanted == Wanted::Room || !self.engine.output().is_empty(),
            Poll::Ready(Err(error)) => {
                self.engine.abandon_output();
                self.flushed = true;
                self.write_error = Some(error);
                self.timer.set(LAST_WORDS, self.latest);
                true
            }
            Poll::Pending => false,
        };
        let read = match self.poll_read(cx) {
            Poll::Ready(Ok(0)) => {
                let fault = self.write_error.take().map_or(Fault::Closed, Fault::Io);
                return Poll::Ready(Err(self.fail(fault)));
            }
            Poll::Ready(Ok(_)) => true,
            Poll::Ready(Err(error)) => {
                let error = self.write_error.take().unwrap_or(error);
                return Poll::Ready(Err(self.fail(Fault::Io(error))));
            }
            Poll::Pending => false,
        };
        if wrote || read {
            return Poll::Ready(Ok(()));
        }
        self.set_timer();
        ready!(self.timer.poll(cx));
        let fault = match (self.write_error.take(), self.latest) {
            (Some(error), _) => Fault::Io(error),
            (None, Some(latest)) if latest <= Instant::now() => Fault::DeadlineExceeded,
            (None, _) => Fault::TimedOut(self.timed.unwrap_or(Stage::Other)),
        };
        Poll::Ready(Err(self.fail(fault)))
    }

    /// Sets the timer when another stage has begun, or content has made progress.
    fn set_timer(&mut self) {
        let stage = self.engine.stage();
        let progressed =
            stage == Some(Stage::DataBlock) && self.progress >= self.timeouts.minimum_progress;
        if self.write_error.is_some() || (stage == self.timed && !progressed) {
            return;
        }
        self.timed = stage;
        self.progress = 0;
        match stage {
            Some(stage) => self.timer.set(self.timeouts.of(stage), self.latest),
            None => self.timer.clear(),
        }
    }

    /// Writes what the stream takes at once, and flushes it when that was all. Pending when there
    /// is nothing to write, or nothing can be written now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write_error.is_some() {
            return Poll::Pending;
        }
        let output = self.engine.output();
        if !output.is_empty() {
            let written = ready!(if output.pieces() <= FEW {
                write(&mut self.stream, cx, output, &mut [IoSlice::new(&[]); FEW])
            } else {
                write(&mut self.stream, cx, output, &mut [IoSlice::new(&[]); SLICES])
            })?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            output.advance(written);
            self.progress += written;
            self.flushed = false;
            if !output.is_empty() {
                return Poll::Ready(Ok(()));
            }
        } else if self.flushed {
            return Poll::Pending;
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.flushed = true;
        Poll::Ready(Ok(()))
    }

    /// How many octets came; 0 at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        use tokio::io::AsyncRead as _;

        let mut octets = [std::mem::MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut octets);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        let filled = buffer.filled();
        self.engine.receive(filled);
        Poll::Ready(Ok(filled.len()))
    }
}

/// Writes of `output` what the stream takes with one call.
#[inline]
fn write<'a>(
    stream: &mut Stream,
    cx: &mut Context<'_>,
    output: &'a Output,
    slices: &mut [IoSlice<'a>],
) -> Poll<io::Result<usize>> {
    let most = if stream.is_write_vectored() { slices.len() } else { 1 };
    let filled = output.slices(&mut slices[..most]);
    Pin::new(stream).poll_write_vectored(cx, &slices[..filled])
}
