//! The driver: the one loop between an exchange, the stream and the clock.
//!
//! It polls the socket in both directions, the source that the exchange waits for and the deadline,
//! all of them together, and knows nothing of what is said. The work under way lives in the engine
//! and in the exchange, never in the frame of an `async` block.

#[cfg(feature = "blocking")]
mod between_calls;
mod facts;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use bytes::Bytes;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::clock::{Clock, REPLY_GRACE, deadline};
use super::handshake_error::{is_clear_text, read_fault};
use super::stream::{Clear, Stream};
use super::timer::Timer;
use crate::error::lost::Lost;
use crate::exchange::{Exchange, Need};
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::limits::Limits;
use crate::proto::output::Output;
use crate::proto::security::Security;
use crate::proto::stage::{Stage, Timeouts};
use crate::proto::trace::Observer;
use crate::proto::unread::UnreadLine;

/// Bytes read at a time.
const READ: usize = 4096;
/// Slices written at a time.
const MAX_IOVECS: usize = 64;
/// Slices that few flights exceed: a table of all of them costs more than the rest of a write.
const INLINE_IOVECS: usize = 4;
/// How often a source may have something at once before other tasks have their turn.
const MAX_AT_ONCE: u32 = 128;

/// A stream with an engine.
#[derive(Debug)]
pub(crate) struct Driver {
    engine: Engine,
    stream: Stream,
    timer: Timer,
    timeouts: Timeouts,
    /// When the whole connection must be over.
    latest: Option<Instant>,
    /// The step that the timer was set for.
    timed: Timed,
    /// Replies that had been taken when it was set.
    replies: u64,
    /// Bytes that have left since the timer was set for content.
    progress: usize,
    /// A call is under way. Found set by the next call, its future was dropped.
    busy: bool,
    interrupted: bool,
    /// Why the connection has ended, or cannot be used by this call, until a caller is told.
    untold: Option<Lost>,
    flushed: bool,
    /// The socket was asked just now, and has nothing for the call that begins.
    nothing_to_read: bool,
}

/// The step that a timer was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timed {
    /// Nothing yet, or something that is over.
    Unset,
    Stage(Stage),
    /// The same, while the server waits for the exchange's source: the time that the source takes
    /// is none of what the server's answer to it may take.
    Source(Stage),
    /// The end of the whole connection alone.
    Total,
    /// The moment after writing has failed.
    Grace,
}

impl Driver {
    /// A driver that waits for the server's greeting.
    pub(crate) fn new(
        stream: Clear,
        timeouts: Timeouts,
        limits: Limits,
        observer: Option<Arc<dyn Observer>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let latest = timeouts.total.map(|total| deadline(&*clock, total));
        Self {
            engine: Engine::new(limits, observer),
            stream: Stream::Clear(stream),
            timer: Timer::new(clock),
            timeouts,
            latest,
            timed: Timed::Unset,
            replies: 0,
            progress: 0,
            busy: false,
            interrupted: false,
            untold: None,
            flushed: true,
            nothing_to_read: false,
        }
    }

    /// The session is one of LMTP.
    pub(crate) fn speak_lmtp(&mut self) {
        self.engine.facts.lmtp = true;
    }

    /// Whether the session is one of LMTP.
    pub(crate) fn speaks_lmtp(&self) -> bool {
        self.engine.facts.lmtp
    }

    /// Begins a call. Every call that may wait begins with this and ends with
    /// [`end_call`](Self::end_call).
    ///
    /// Bytes that have arrived since the last call are read first, without waiting: a reply that was
    /// not asked for must be seen before a command is written that it would be taken to answer.
    pub(crate) fn begin_call(&mut self) -> Result<(), Lost> {
        self.check_usable()?;
        let read =
            if std::mem::take(&mut self.nothing_to_read) { Ok(()) } else { self.read_available() };
        if let Err(fault) = read.and_then(|()| self.engine.check_idle()) {
            return Err(self.fail(fault));
        }
        self.busy = true;
        Ok(())
    }

    /// Finds what is known against the connection without a look at it: a call was dropped before it
    /// was done, and what it had queued must never leave; or the connection has ended, and no
    /// caller was told why.
    pub(crate) fn check_usable(&mut self) -> Result<(), Lost> {
        if self.interrupted || (self.busy && !self.engine.has_ended()) {
            self.interrupted = true;
            return Err(self.fail(Fault::Interrupted));
        }
        self.untold.take().map_or(Ok(()), Err)
    }

    /// Ends a call: no reply is due any more.
    #[inline]
    pub(crate) fn end_call(&mut self) {
        self.busy = false;
    }

    /// Reads what has arrived, without waiting: all of it, or a reply that came in pieces would not
    /// say why the server closes.
    fn read_available(&mut self) -> Result<(), Fault> {
        if self.engine.has_ended() {
            return Ok(());
        }
        // The next call that waits leaves a waker of its own.
        loop {
            match self.poll_read(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(0)) => return self.engine.check_idle().and(Err(Fault::Closed)),
                Poll::Ready(Ok(_)) => self.engine.check_unasked()?,
                Poll::Ready(Err(error)) => {
                    return self.engine.check_idle().and(Err(read_fault(error)));
                }
                Poll::Pending => return Ok(()),
            }
        }
    }

    /// Runs an exchange: writes, reads, polls its source and watches the clock, until it is done.
    ///
    /// When the connection is lost, the exchange says what it came to.
    pub(crate) fn poll_run<X: Exchange>(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut X,
    ) -> Poll<X::Output> {
        let mut at_once = 0;
        loop {
            let need = match exchange.advance(&mut self.engine) {
                Ok(Need::Done(output)) => {
                    // The time of QUIT is that of the close too.
                    if self.timed != Timed::Stage(Stage::Quit) {
                        self.timed = Timed::Unset;
                    }
                    return Poll::Ready(output);
                }
                Ok(need) => need,
                Err(fault) => {
                    let source = exchange.source_stage().is_some();
                    return Poll::Ready(self.lose(exchange, fault, source));
                }
            };
            let source = matches!(need, Need::Source);
            if let Some(fault) = self.engine.take_ending() {
                return Poll::Ready(self.lose(exchange, fault, source));
            }
            if source && exchange.poll_source(cx).is_ready() {
                at_once += 1;
                if at_once < MAX_AT_ONCE {
                    continue;
                }
                // A source that always has something leaves time to other tasks, and to the clock.
                at_once = 0;
                cx.waker().wake_by_ref();
            }
            let waits = if source { exchange.source_stage() } else { None };
            ready!(self.poll_progress(cx, matches!(need, Need::Room), waits));
        }
    }

    /// Tells an exchange that the connection is lost. `source` says that it waited for its source.
    #[cold]
    fn lose<X: Exchange>(&mut self, exchange: &mut X, fault: Fault, source: bool) -> X::Output {
        let waits = if source { Some(Stage::Source) } else { None };
        let stage = match fault {
            // The deadline was the source's.
            Fault::TimedOut(stage) if source && exchange.source_stage() == Some(stage) => waits,
            Fault::TimedOut(stage) => Some(stage),
            _ => self.engine.stage().or(waits),
        };
        let clear = matches!(self.stream, Stream::Clear(_));
        self.stream = Stream::Gone;
        let fault = self.engine.end(fault);
        let lost = if clear && self.engine.is_ungreeted() && is_silence(&fault) {
            Lost::ungreeted(fault)
        } else {
            Lost::with_unread(fault, stage, self.engine.take_unread_line())
        };
        exchange.lost(&self.engine, lost)
    }

    /// Writes and reads once each, as far as the stream allows. Reading goes on while writing
    /// waits, so that two sides that both have much to say cannot block each other. Ready when the
    /// exchange should look again: something came, or `room` was waited for and some has left.
    /// `source` is the stage in which the server waits for the exchange's source.
    fn poll_progress(
        &mut self,
        cx: &mut Context<'_>,
        room: bool,
        source: Option<Stage>,
    ) -> Poll<()> {
        let wrote = match self.poll_write(cx) {
            Poll::Ready(Ok(())) => room || !self.engine.output().is_empty(),
            Poll::Ready(Err(error)) => {
                self.engine.write_failed(error);
                self.flushed = true;
                true
            }
            Poll::Pending => false,
        };
        let read = match self.poll_read(cx) {
            Poll::Ready(Ok(0)) => {
                self.engine.receive_failed(Fault::Closed);
                true
            }
            Poll::Ready(Ok(_)) => true,
            Poll::Ready(Err(error)) => self.read_failed(error),
            Poll::Pending => false,
        };
        if wrote || read {
            return Poll::Ready(());
        }
        self.set_timer(source);
        let fault = match ready!(self.timer.poll(cx)) {
            Err(error) => Fault::NoTimer(error),
            Ok(()) => match (self.timed, self.latest) {
                (_, Some(latest)) if latest <= self.timer.clock().now() => Fault::DeadlineExceeded,
                (Timed::Stage(stage) | Timed::Source(stage), _) => Fault::TimedOut(stage),
                (Timed::Unset | Timed::Total | Timed::Grace, _) => Fault::DeadlineExceeded,
            },
        };
        self.engine.receive_failed(fault);
        Poll::Ready(())
    }

    /// Nothing more can be read. True: the exchange should look again.
    #[cold]
    fn read_failed(&mut self, error: io::Error) -> bool {
        self.engine.receive_failed(read_fault(error));
        true
    }

    /// Sets the timer when another stage has begun, or content has made progress.
    fn set_timer(&mut self, source: Option<Stage>) {
        let stage = self.engine.stage();
        let timed = match (stage, source) {
            _ if self.engine.has_write_failed() => Timed::Grace,
            (Some(stage), _) => Timed::Stage(stage),
            (None, None | Some(Stage::Source)) => Timed::Total,
            (None, Some(stage)) => Timed::Source(stage),
        };
        // A deadline covers a whole reply: a server that drips bytes does not move it.
        let replied = std::mem::replace(&mut self.replies, self.engine.replies());
        let progressed = replied != self.replies
            || stage == Some(Stage::DataBlock) && self.progress >= self.timeouts.minimum_progress;
        if timed == self.timed && !progressed {
            return;
        }
        self.timed = timed;
        self.progress = 0;
        match timed {
            Timed::Stage(stage) | Timed::Source(stage) => {
                self.timer.set(self.timeouts.of(stage), self.latest);
            }
            Timed::Grace => self.timer.set(REPLY_GRACE, self.latest),
            Timed::Total | Timed::Unset => self.timer.set_latest(self.latest),
        }
    }

    /// Writes what the stream takes at once, and flushes it when that was all. Pending when there
    /// is nothing to write, or nothing can be written now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.engine.has_write_failed() {
            return Poll::Pending;
        }
        let output = self.engine.output();
        if !output.is_empty() {
            let written = ready!(if output.segments() <= INLINE_IOVECS {
                write(&mut self.stream, cx, output, &mut [IoSlice::new(&[]); INLINE_IOVECS])
            } else {
                write(&mut self.stream, cx, output, &mut [IoSlice::new(&[]); MAX_IOVECS])
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

    /// How many bytes came; 0 at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [std::mem::MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        let filled = buffer.filled();
        self.engine.receive(filled);
        Poll::Ready(Ok(filled.len()))
    }

    /// Flushes and closes the stream, within the time that QUIT may take, or what is left of that
    /// after QUIT: nothing depends on it.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.flushed && Pin::new(&mut self.stream).poll_flush(cx).is_ready() {
            self.flushed = true;
        }
        let closed = self.flushed && Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        if !closed {
            if self.timed != Timed::Stage(Stage::Quit) {
                self.timed = Timed::Stage(Stage::Quit);
                self.timer.set(self.timeouts.quit, self.latest);
            }
            let _ = ready!(self.timer.poll(cx));
        }
        self.stream = Stream::Gone;
        Poll::Ready(())
    }

    /// Whether the connection can be used, as far as can be seen without waiting.
    pub(crate) fn is_open(&mut self) -> bool {
        if let Err(lost) = self.check_usable() {
            self.untold = Some(lost);
            return false;
        }
        match self.read_available().and_then(|()| self.engine.check_watched()) {
            Ok(()) => true,
            Err(fault) => {
                self.untold = Some(self.fail(fault));
                false
            }
        }
    }

    /// An exchange is given up before it was done: it says what it came to.
    pub(crate) fn interrupt<X: Exchange>(&mut self, exchange: &mut X) -> X::Output {
        self.interrupted = true;
        self.lose(exchange, Fault::Interrupted, false)
    }

    /// Ends the connection: the stream is closed, and every later call says that it is gone.
    pub(crate) fn fail(&mut self, fault: Fault) -> Lost {
        let stage = self.engine.stage();
        self.stream = Stream::Gone;
        let fault = self.engine.end(fault);
        Lost::with_unread(fault, stage, self.engine.take_unread_line())
    }

    /// The same, in a handshake in which these bytes of the server's came first.
    pub(super) fn fail_in_handshake(&mut self, fault: Fault, implicit: bool, first: &[u8]) -> Lost {
        self.stream = Stream::Gone;
        let fault = self.engine.end(fault);
        if implicit && first.is_empty() && is_late(&fault) {
            return Lost::without_tls(fault);
        }
        let unread = self.engine.take_unread_line();
        let unread = unread.or_else(|| is_clear_text(&fault).then(|| UnreadLine::first_of(first)));
        Lost::with_unread(fault, Some(Stage::Handshake), unread)
    }

    /// Takes the stream out of SMTP, with what was read and not asked for.
    pub(crate) fn into_stream(mut self) -> (Stream, Bytes) {
        let unread = self.engine.take_unread();
        (self.take_stream(), unread)
    }

    /// Takes the stream, for a handshake. Nothing but the reply to STARTTLS may have been received
    /// (RFC 3207 §6).
    pub(super) fn take_stream_for_tls(&mut self) -> Result<Stream, Fault> {
        self.engine.check_before_tls()?;
        Ok(self.take_stream())
    }

    fn take_stream(&mut self) -> Stream {
        std::mem::replace(&mut self.stream, Stream::Gone)
    }

    /// Goes on inside TLS, where nothing is known that was learned before.
    pub(super) fn secured(&mut self, stream: Stream, security: Security) {
        self.stream = stream;
        self.engine.secured(security);
    }

    /// How long a stage may take, not counting what is left of the connection's own time.
    pub(super) fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// Whether the server is still to greet: nothing was said in this session.
    pub(super) fn awaits_greeting(&self) -> bool {
        self.engine.awaits_greeting()
    }

    /// When the whole connection must be over.
    pub(super) fn latest(&self) -> Option<Instant> {
        self.latest
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        self.timer.clock()
    }
}

/// Whether the time was over.
fn is_late(fault: &Fault) -> bool {
    matches!(fault, Fault::TimedOut(_) | Fault::DeadlineExceeded)
}

/// Whether the server said nothing, as one does that waits for a TLS handshake.
fn is_silence(fault: &Fault) -> bool {
    match fault {
        Fault::Closed => true,
        Fault::Io(error) => error.kind() == io::ErrorKind::ConnectionReset,
        fault => is_late(fault),
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
