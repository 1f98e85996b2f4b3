//! A message on its way out: DATA, the content, its final reply.

use std::ops::Range;

use smtp_grammar::{Capabilities, Reply};

use super::session::Session;
use crate::body::{Body, Piece};
use crate::command::Rset;
use crate::error::{Fault, Lost, Refusal};
use crate::proto::command::{CodePattern, Command};
use crate::proto::content::{ContentError, Encoder, Sink};
use crate::proto::engine::{Expected, Outcome};
use crate::proto::line::Declared;
use crate::proto::output::Output;
use crate::proto::stage::Stage;

/// Octets of content that may wait to be written before more is asked for.
const WATER_MARK: usize = 256 * 1024;

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

/// Finds what makes a message unsendable before any of it is sent.
pub(super) fn check(body: &Body<'_>, eight_bit: bool) -> Result<(), Refusal> {
    let measure = body.measure().map_err(Refusal::content)?;
    if measure.is_some_and(|measure| measure.eight_bit) && !eight_bit {
        return Err(Refusal::content(ContentError::EightBit));
    }
    Ok(())
}

impl Session {
    /// Opens the content with `command` and sends it. The transaction has accepted recipients.
    pub(super) async fn send_message<C: Command>(
        &mut self,
        command: &C,
        capabilities: &Capabilities,
        declared: Declared,
        body: Body<'_>,
    ) -> Result<Sent, Lost> {
        match self.exchange(command, capabilities, declared.utf8).await? {
            Ok(_) => self.finish_message(capabilities, declared, body).await,
            Err(refusal) => self.abandon(refusal, capabilities).await.map(Sent::Refused),
        }
    }

    /// Sends the content that the server waits for.
    pub(super) async fn finish_message(
        &mut self,
        capabilities: &Capabilities,
        declared: Declared,
        body: Body<'_>,
    ) -> Result<Sent, Lost> {
        self.send_content(body, declared.eight_bit).await?;
        self.read_end(Some(capabilities)).await
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
            // The server said that it closes instead of taking the message, or never had all of it.
            Err(fault @ Fault::Closing(_)) => Err(fault.into()),
            Err(fault) if self.driver.left_unsent() => Err(fault.into()),
            Err(fault) => Ok(Sent::Unknown(fault.into())),
        }
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
        eight_bit: bool,
    ) -> Result<(), Lost> {
        let mut encoder = Encoder::new(body.line_ends, eight_bit);
        self.driver.engine().begin_content();
        let mut octets = 0;
        loop {
            let piece = match body.next_piece().await {
                Ok(piece) => piece,
                Err(error) => return Err(self.driver.fail(Fault::Body(error)).into()),
            };
            let output = self.driver.engine().output();
            let before = output.remaining();
            let result = match &piece {
                Some(piece) => encoder.encode(piece.as_ref(), &mut Pieces { piece, output }),
                None => encoder.finish(&mut Pieces { piece: &Piece::Borrowed(&[]), output }),
            };
            octets += (output.remaining() - before) as u64;
            if let Err(error) = result {
                return Err(self.driver.fail(Fault::Content(error)).into());
            }
            if piece.is_none() {
                break;
            }
            self.driver.drain(WATER_MARK).await?;
        }
        self.driver.engine().end_content(octets, END_OF_DATA);
        Ok(())
    }
}

/// Queues what the encoder makes of a piece: owned octets by reference, borrowed ones as a copy.
struct Pieces<'a, 'b> {
    piece: &'a Piece<'b>,
    output: &'a mut Output,
}

impl Sink for Pieces<'_, '_> {
    fn keep(&mut self, range: Range<usize>) {
        match self.piece {
            Piece::Owned(octets) => self.output.push(octets.slice(range)),
            Piece::Borrowed(octets) => self.output.copy(&octets[range]),
        }
    }

    fn insert(&mut self, octets: &'static [u8]) {
        self.output.copy(octets);
    }
}
