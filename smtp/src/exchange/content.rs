//! The content of a message as it is queued: after DATA with its dots doubled (RFC 5321 §4.5.2), or
//! in counted chunks (RFC 3030 §2).
//!
//! Body, encoder and progress live here, in the exchange, so that a slow source keeps nothing else
//! waiting. The bytes that a source has given leave as soon as it has no more at once.

use std::io;
use std::ops::Range;
use std::task::{Context, Poll};

use smtp_grammar::Capabilities;

use super::MAX_QUEUED_BYTES;
use super::plan::eight_bit::may_leave;
use crate::command::Bdat;
use crate::message::body::{Body, Segment};
use crate::message::transfer::BodyMethod;
use crate::proto::command::CodePattern;
use crate::proto::content::{ContentError, ContentSummary, Encoder, PIECE, Sink};
use crate::proto::engine::{Engine, Expected};
use crate::proto::line::Declared;
use crate::proto::output::Output;
use crate::proto::stage::Stage;

/// The reply to a message.
// 2yz only: 354 or any other 3yz here would leave the server waiting for a line that never comes.
const END_OF_DATA: Expected =
    Expected { stage: Stage::EndOfData, accepts: &[CodePattern::Class(2)], reply_lines: None };

/// Bytes of a message that is too small to leave on its own while a chunk before it waits for its
/// reply: a source that drips would cost the server a command for each drop.
const MIN_CHUNK: usize = 4096;

/// A body being encoded.
#[derive(Debug)]
pub(crate) struct Content<'b> {
    body: Body<'b>,
    encoder: Encoder,
    /// About how many bytes a chunk has; none after DATA.
    chunk_size: Option<usize>,
    /// The bytes of the next chunk.
    // Held until the chunk is complete: its length stands before it, in BDAT (RFC 3030 §2).
    chunk: Output,
    /// The segment that the source gave, and that was not encoded yet.
    polled: Poll<io::Result<Option<Segment<'b>>>>,
    /// The source has nothing more at once.
    dry: bool,
    begun: bool,
    /// The offset at which the content begins, in all that was queued.
    start: u64,
    ended: bool,
}

/// The event that must come before more of a body is queued.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ContentNeed {
    /// Bytes must leave.
    Room,
    /// The source must give more.
    Source,
    /// A chunk was queued that is not the last.
    Chunk,
    /// The chunks before must be answered.
    Replies,
    /// Nothing: it is queued up to its end.
    Done,
}

/// Why a body cannot be sent on.
#[derive(Debug)]
pub(crate) enum ContentFailure {
    Body(io::Error),
    Content(ContentError),
}

impl From<io::Error> for ContentFailure {
    fn from(error: io::Error) -> Self {
        Self::Body(error)
    }
}

impl From<ContentError> for ContentFailure {
    fn from(error: ContentError) -> Self {
        Self::Content(error)
    }
}

impl<'b> Content<'b> {
    /// A body for DATA, or for chunks of about `chunk_size` bytes.
    pub(crate) fn new(
        body: Body<'b>,
        method: BodyMethod,
        summary: Option<ContentSummary>,
        declared: Declared,
        chunk_size: usize,
    ) -> Result<Self, ContentFailure> {
        let data = method == BodyMethod::Data;
        let eight_bit = may_leave(&body, summary, declared);
        let encoder = if data {
            Encoder::for_data(body.line_ends, eight_bit)?
        } else {
            Encoder::for_bdat(body.line_ends, eight_bit)
        };
        Ok(Self {
            body,
            encoder: encoder.summarized(summary),
            chunk_size: (!data).then_some(chunk_size),
            chunk: Output::default(),
            polled: Poll::Pending,
            dry: false,
            begun: false,
            start: 0,
            ended: false,
        })
    }

    pub(crate) fn body(&self) -> &Body<'b> {
        &self.body
    }

    pub(crate) fn into_body(self) -> Body<'b> {
        self.body
    }

    /// Polls the source for more.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.polled.is_ready() {
            return Poll::Ready(());
        }
        match self.body.poll_segment(cx) {
            Poll::Ready(segment) => {
                self.polled = Poll::Ready(segment);
                self.dry = false;
                Poll::Ready(())
            }
            // The source has no more at once: the chunk is cut here, so that the bytes that it
            // holds do not wait for a slow source.
            Poll::Pending if !self.dry && !self.chunk.is_empty() => {
                self.dry = true;
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Queues as much as there is and fits. `waiting` says that an earlier chunk was not answered
    /// yet.
    ///
    /// # Errors
    ///
    /// When the source fails, or the message turns out to be unsendable. Of a chunk nothing is
    /// queued then.
    pub(crate) fn advance(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        waiting: bool,
    ) -> Result<ContentNeed, ContentFailure> {
        match self.chunk_size {
            None => self.advance_data(engine),
            Some(size) => self.advance_chunk(engine, capabilities, size, waiting),
        }
    }

    fn advance_data(&mut self, engine: &mut Engine) -> Result<ContentNeed, ContentFailure> {
        // From here on a reply is out of turn until the final dot is queued.
        if !self.begun {
            self.begun = true;
            engine.begin_content();
            self.start = engine.queued();
        }
        loop {
            // The socket sets the pace, so a message of any size takes the same memory.
            if engine.output().remaining() > MAX_QUEUED_BYTES {
                return Ok(ContentNeed::Room);
            }
            let Poll::Ready(segment) = self.next_segment(self.encoder.segment_len())? else {
                return Ok(ContentNeed::Source);
            };
            let output = engine.output();
            match &segment {
                Some(segment) => {
                    let mut sink = QueueSink { segment, output };
                    self.encoder.encode(segment.as_ref(), &mut sink)?;
                }
                None => {
                    self.encoder.finish(&mut QueueSink { segment: &NOTHING, output })?;
                    let bytes = engine.queued() - self.start;
                    engine.end_content(bytes, END_OF_DATA);
                    return Ok(ContentNeed::Done);
                }
            }
        }
    }

    fn advance_chunk(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        size: usize,
        waiting: bool,
    ) -> Result<ContentNeed, ContentFailure> {
        if engine.output().remaining() > MAX_QUEUED_BYTES {
            return Ok(ContentNeed::Room);
        }
        // A message in memory whose last byte is in this chunk needs no empty `BDAT 0 LAST` after
        // it.
        while !self.ended && (self.chunk.remaining() < size || self.body.is_spent()) {
            let room = size.saturating_sub(self.chunk.remaining());
            let most = self.encoder.segment_len().min(room.max(1));
            let Poll::Ready(segment) = self.next_segment(most)? else {
                // While a chunk waits for its reply, a small one gains nothing by leaving at once.
                let enough = !waiting || self.chunk.remaining() >= MIN_CHUNK;
                if self.dry && enough && !self.chunk.is_empty() {
                    break;
                }
                return Ok(ContentNeed::Source);
            };
            let output = &mut self.chunk;
            match &segment {
                Some(segment) => {
                    let mut sink = QueueSink { segment, output };
                    self.encoder.encode(segment.as_ref(), &mut sink)?;
                }
                None => {
                    self.encoder.finish(&mut QueueSink { segment: &NOTHING, output })?;
                    self.ended = true;
                }
            }
        }
        // After a chunk that was refused, a server of LMTP may answer the last one once, or for each
        // recipient: it leaves only when those before it were accepted.
        if self.ended && waiting && engine.facts.lmtp {
            return Ok(ContentNeed::Replies);
        }
        let bytes = self.chunk.remaining();
        let queued = engine.output().remaining();
        // The chunk is handed over whole: it waits until the queue has room for it, or is empty.
        if queued > 0 && queued + bytes > MAX_QUEUED_BYTES {
            return Ok(ContentNeed::Room);
        }
        self.dry = false;
        // The length is counted from the encoded bytes that follow, and never from what the source
        // has announced: a server takes exactly as many, and the next byte for a command.
        let bytes = bytes as u64;
        submit_bdat(engine, capabilities, bytes, self.ended);
        engine.output().append(&mut self.chunk);
        engine.end_chunk(bytes);
        Ok(if self.ended { ContentNeed::Done } else { ContentNeed::Chunk })
    }

    /// The next segment of the body, `None` after the last; pending where the source must be polled
    /// first.
    fn next_segment(&mut self, most: usize) -> Poll<io::Result<Option<Segment<'b>>>> {
        if self.body.is_polled() {
            return std::mem::replace(&mut self.polled, Poll::Pending);
        }
        Poll::Ready(self.body.next_segment(most))
    }
}

const NOTHING: Segment<'static> = Segment::Borrowed(&[]);

/// Queues the command of a chunk. It cannot fail: without CHUNKING the plan chooses DATA.
pub(crate) fn submit_bdat(
    engine: &mut Engine,
    capabilities: &Capabilities,
    bytes: u64,
    last: bool,
) {
    // The reply to the last chunk is the reply to the message, and may take as long (RFC 3030 §2).
    let (command, stage) = if last {
        (Bdat::last(bytes), Stage::EndOfData)
    } else {
        (Bdat::chunk(bytes), Stage::Bdat)
    };
    let _ = engine.submit_as(&command, stage, capabilities, false);
}

/// Queues a message that needs no change in one step. False where it must be queued in segments: a
/// large borrowed message, because borrowed bytes are copied.
#[inline]
pub(crate) fn submit_whole(
    engine: &mut Engine,
    capabilities: &Capabilities,
    segment: Segment<'_>,
    method: BodyMethod,
) -> bool {
    if let Segment::Borrowed(bytes) = segment
        && bytes.len() > PIECE
    {
        return false;
    }
    let bytes = segment.as_ref().len() as u64;
    let data = method == BodyMethod::Data;
    if data {
        engine.begin_content();
    } else {
        submit_bdat(engine, capabilities, bytes, true);
    }
    match segment {
        Segment::Owned(bytes) => engine.output().push(bytes),
        Segment::Borrowed(bytes) => engine.output().copy(bytes),
    }
    if data {
        // The message ends in CRLF, or it would have to be changed: the dot begins a line.
        engine.output().copy(b".\r\n");
        engine.end_content(bytes + 3, END_OF_DATA);
    } else {
        engine.end_chunk(bytes);
    }
    true
}

/// Queues a lone dot, the end of an empty message: for a server that waits for content although it
/// has accepted no recipient (RFC 2920 §3.1).
pub(crate) fn submit_nothing(engine: &mut Engine) {
    engine.begin_content();
    engine.output().copy(b".\r\n");
    engine.end_content(3, END_OF_DATA);
}

/// Queues what the encoder makes of a segment: owned bytes by reference, borrowed ones as a copy.
struct QueueSink<'a, 'b> {
    segment: &'a Segment<'b>,
    output: &'a mut Output,
}

impl Sink for QueueSink<'_, '_> {
    #[inline]
    fn keep(&mut self, range: Range<usize>) {
        match self.segment {
            Segment::Owned(bytes) => self.output.push_part(bytes, range),
            Segment::Borrowed(bytes) => self.output.copy(&bytes[range]),
        }
    }

    #[inline]
    fn insert(&mut self, bytes: &'static [u8]) {
        self.output.copy(bytes);
    }
}

#[cfg(test)]
mod tests;
