//! A message on its way out: DATA or BDAT, the content, its final reply.

use smtp_grammar::{Capabilities, Reply};

use super::chunks::{Chunk, Chunks};
use super::pieces::Pieces;
use super::session::Session;
use crate::body::{Body, Piece};
use crate::command::{Bdat, Rset};
use crate::error::{Fault, Lost, Refusal};
use crate::net::Driver;
use crate::proto::command::{CodePattern, Command};
use crate::proto::content::{ContentError, Encoder, LineEnds, Measure};
use crate::proto::engine::{Arrived, Expected, Outcome};
use crate::proto::line::Declared;
use crate::proto::stage::Stage;

/// Octets that may wait to be written before more is asked for.
pub(super) const WATER_MARK: usize = 256 * 1024;

/// The reply to a message.
pub(super) const END_OF_DATA: Expected =
    Expected { stage: Stage::EndOfData, accepts: &[CodePattern::Class(2)], reply_lines: None };

/// What became of a message.
#[derive(Debug)]
pub(super) enum Sent {
    /// The server took it.
    Taken(Reply),
    /// The server refused it, or it was never sent; the transaction is over.
    Refused(Refusal),
    /// The connection was lost after the message had left.
    Unknown(Lost),
}

/// Finds what makes a message unsendable before any of it is sent, and what can be said of it.
pub(super) fn check(body: &Body<'_>, eight_bit: bool) -> Result<Option<Measure>, Refusal> {
    let measure = body.measure().map_err(Refusal::content)?;
    let needs = measure.is_some_and(|measure| measure.eight_bit);
    if needs && !eight_bit && body.line_ends != LineEnds::Binary {
        return Err(Refusal::content(ContentError::EightBit));
    }
    Ok(measure)
}

impl Session {
    /// Opens the content with `command` and sends it. The transaction has accepted recipients.
    pub(super) async fn send_message<C: Command>(
        &mut self,
        command: &C,
        capabilities: &Capabilities,
        declared: Declared,
        body: Body<'_>,
        measure: Option<Measure>,
    ) -> Result<Sent, Lost> {
        if let Err(refusal) = self.exchange(command, capabilities, declared.utf8).await? {
            return self.abandon(refusal, capabilities).await.map(Sent::Refused);
        }
        self.send_content(body, measure, declared.eight_bit).await?;
        self.read_end(Some(capabilities)).await
    }

    /// Sends the message in chunks. The transaction has accepted recipients.
    pub(super) async fn send_chunks(
        &mut self,
        mut chunks: Chunks<'_>,
        capabilities: &Capabilities,
    ) -> Result<Sent, Lost> {
        let pipelining = capabilities.has("PIPELINING");
        let mut due = 0;
        let mut refusal = None;
        loop {
            let chunk = match chunks.next().await {
                Ok(Some(chunk)) if refusal.is_none() => chunk,
                Ok(_) => break,
                Err(fault) => return Err(self.driver.fail(fault).into()),
            };
            self.submit_chunk(chunk, &mut chunks, capabilities);
            if chunk.last {
                break;
            }
            due += 1;
            while due > 0 {
                let arrived = if pipelining {
                    self.driver.arrived_or_room(WATER_MARK).await?
                } else {
                    Some(self.driver.arrived().await?)
                };
                let Some(arrived) = arrived else {
                    break;
                };
                due -= 1;
                self.note(&arrived, &mut refusal);
            }
        }
        let whole = refusal.is_none();
        for _ in 0..due {
            match self.driver.arrived().await {
                Ok(arrived) => self.note(&arrived, &mut refusal),
                Err(fault) if whole && refusal.is_none() => return self.unanswered(fault),
                Err(fault) => return Err(fault.into()),
            }
        }
        match refusal {
            Some(refusal) => {
                if whole {
                    self.driver.reply().await?;
                }
                self.abandon(refusal, capabilities).await.map(Sent::Refused)
            }
            None => self.read_end(Some(capabilities)).await,
        }
    }

    /// Takes note of the reply to a chunk; the first refusal counts.
    fn note(&mut self, arrived: &Arrived, refusal: &mut Option<Refusal>) {
        if let Some(reply) = self.driver.engine().take_refusal(arrived) {
            refusal.get_or_insert(Refusal::by_server(Bdat::SPEC.verb, reply));
        }
    }

    /// Reads the reply to a message. A refused one is followed by RSET, for which it needs the
    /// capabilities; without them RSET is in flight already.
    pub(super) async fn read_end(
        &mut self,
        capabilities: Option<&Capabilities>,
    ) -> Result<Sent, Lost> {
        match self.driver.reply().await {
            Ok(Outcome::Accepted(reply)) => Ok(Sent::Taken(reply)),
            // The transaction is over "on the completion of this command" (RFC 5321 §4.1.1.4), but
            // Postfix keeps it when a policy refuses the message. RSET leaves no doubt.
            Ok(Outcome::Refused(reply)) => {
                let refusal = Refusal::by_server(Refusal::END_OF_DATA, reply);
                match capabilities {
                    Some(capabilities) => self.abandon(refusal, capabilities).await,
                    None => Ok(refusal),
                }
                .map(Sent::Refused)
            }
            Err(fault) => self.unanswered(fault),
        }
    }

    /// What the end of the connection says of a message that was queued whole: nothing, unless the
    /// server said that it closes instead of taking it, or never had all of it.
    fn unanswered(&self, fault: Fault) -> Result<Sent, Lost> {
        if matches!(fault, Fault::Closing(_)) || !self.driver.content_has_left() {
            return Err(fault.into());
        }
        Ok(Sent::Unknown(fault.into()))
    }

    /// Ends a transaction whose message nobody gets. When the server does not even let it be ended,
    /// the connection is gone, with the refusal as the reason.
    pub(super) async fn abandon(
        &mut self,
        refusal: Refusal,
        capabilities: &Capabilities,
    ) -> Result<Refusal, Lost> {
        let reset = self.exchange(&Rset, capabilities, false).await;
        let fault = match (reset, refusal.reply()) {
            (Ok(Ok(_)), _) => return Ok(refusal),
            (_, Some(reply)) => Fault::Closing(reply.clone()),
            (Err(lost), None) => return Err(lost),
            (Ok(Err(_)), None) => Fault::Ended,
        };
        Err(self.driver.fail(fault).into())
    }

    /// Queues the content up to its final dot, and writes what does not fit into the queue.
    pub(super) async fn send_content(
        &mut self,
        mut body: Body<'_>,
        measure: Option<Measure>,
        eight_bit: bool,
    ) -> Result<(), Fault> {
        let mut encoder = Encoder::new(body.line_ends, eight_bit).measured(measure);
        self.driver.engine().begin_content();
        let start = self.driver.engine().queued();
        let most = encoder.piece();
        while let Some(piece) = next_piece(&mut body, most, &mut self.driver).await? {
            let output = self.driver.engine().output();
            let result = encoder.encode(piece.as_ref(), &mut Pieces { piece: &piece, output });
            result.map_err(|error| self.driver.fail(Fault::Content(error)))?;
            self.driver.drain(WATER_MARK).await?;
        }
        let output = self.driver.engine().output();
        let result = encoder.finish(&mut Pieces { piece: &Piece::Borrowed(&[]), output });
        result.map_err(|error| self.driver.fail(Fault::Content(error)))?;
        let octets = self.driver.engine().queued() - start;
        self.driver.engine().end_content(octets, END_OF_DATA);
        Ok(())
    }

    /// Ends a message of no octets.
    pub(super) fn send_nothing(&mut self) {
        let engine = self.driver.engine();
        engine.begin_content();
        engine.output().copy(b".\r\n");
        engine.end_content(3, END_OF_DATA);
    }

    /// Queues a chunk behind its command.
    pub(super) fn submit_chunk(
        &mut self,
        chunk: Chunk,
        chunks: &mut Chunks<'_>,
        capabilities: &Capabilities,
    ) {
        self.submit_bdat(chunk, capabilities);
        let engine = self.driver.engine();
        engine.output().append(&mut chunks.output);
        engine.end_chunk(chunk.octets);
    }

    /// Queues the command of a chunk. The server offers CHUNKING, or the message would not be sent
    /// in chunks.
    pub(super) fn submit_bdat(&mut self, chunk: Chunk, capabilities: &Capabilities) {
        let (command, stage) = if chunk.last {
            (Bdat::last(chunk.octets), Stage::EndOfData)
        } else {
            (Bdat::chunk(chunk.octets), Stage::Bdat)
        };
        let _ = self.driver.engine().submit_as(&command, stage, capabilities, false);
    }
}

async fn next_piece<'b>(
    body: &mut Body<'b>,
    most: usize,
    driver: &mut Driver,
) -> Result<Option<Piece<'b>>, Fault> {
    body.next_piece(most).await.map_err(|error| driver.fail(Fault::Body(error)))
}
