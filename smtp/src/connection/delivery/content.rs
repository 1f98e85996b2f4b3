//! The message itself: behind DATA with its dots doubled, or in counted chunks.

use std::borrow::Borrow;

use super::super::chunks::{Chunk, Chunks};
use super::super::envelope::Envelope;
use super::super::message::{END_OF_DATA, WATER_MARK};
use super::super::transfer::Way;
use super::{Delivered, Delivery};
use crate::body::{Body, PIECE, Piece};
use crate::error::Fault;
use crate::net::Wanted;

impl<'b, E, B, M, R> Delivery<'_, 'b, E, M, R>
where
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    M: Iterator<Item = (E, B)>,
    R: FnMut(usize, Delivered),
{
    /// Waits until little enough is queued, and takes the replies that come meanwhile.
    pub(super) async fn make_room(&mut self) -> Result<(), Fault> {
        while self.session.driver.engine().output().remaining() > WATER_MARK {
            if !self.take_buffered()? {
                self.session.driver.progress(Wanted::Room).await?;
            }
        }
        Ok(())
    }

    /// Queues the message of the transaction that is being written, when it needs no change and is
    /// small, or owned: nothing has to be waited for. False when it is not.
    pub(super) fn send_at_once(&mut self) -> bool {
        let Some(turn) = self.turns.back_mut() else {
            return false;
        };
        let data = turn.message.plan.way == Way::Data;
        let most = if data { usize::MAX } else { self.offers.transfer.chunk };
        let Some(piece) = turn.message.whole(turn.declared.eight_bit, most) else {
            return false;
        };
        if let Piece::Borrowed(octets) = piece
            && octets.len() > PIECE
        {
            return false;
        }
        if let Some(refusal) = turn.hopeless() {
            turn.refuse(refusal);
            return true;
        }
        let octets = piece.as_ref().len() as u64;
        if data {
            self.session.driver.engine().begin_content();
        } else {
            self.session.submit_bdat(Chunk { octets, last: true }, self.offers.capabilities);
        }
        let engine = self.session.driver.engine();
        match piece {
            Piece::Owned(octets) => engine.output().push(octets),
            Piece::Borrowed(octets) => engine.output().copy(octets),
        }
        if data {
            engine.output().copy(b".\r\n");
            engine.end_content(octets + 3, END_OF_DATA);
        } else {
            engine.end_chunk(octets);
        }
        self.end();
        true
    }

    /// Sends the message of the transaction that is being written.
    pub(super) async fn send_content(&mut self) -> Result<(), Fault> {
        let Some(turn) = self.turns.back_mut() else {
            return Ok(());
        };
        // It is there: a message that cannot be sent again has one transaction.
        let body = turn.message.take_body().unwrap_or_else(|| Body::from(""));
        let (measure, eight_bit) = (turn.message.plan.measure, turn.declared.eight_bit);
        if turn.message.plan.way != Way::Data {
            let size = self.offers.transfer.chunk;
            return self.send_chunks(Chunks::new(body, measure, eight_bit, size)).await;
        }
        self.session.send_content(body, measure, eight_bit).await?;
        self.end();
        Ok(())
    }

    /// Ends a message of no octets, for a server that waits for one that nobody would get.
    pub(super) fn send_nothing(&mut self) {
        self.session.send_nothing();
        self.end();
    }

    async fn send_chunks(&mut self, mut chunks: Chunks<'b>) -> Result<(), Fault> {
        while let Some(chunk) = chunks.next().await? {
            if let Some(turn) = self.turns.back_mut()
                && let Some(refusal) = turn.hopeless()
            {
                turn.refuse(refusal);
                return Ok(());
            }
            self.session.submit_chunk(chunk, &mut chunks, self.offers.capabilities);
            if chunk.last {
                self.end();
                return Ok(());
            }
            if let Some(turn) = self.turns.back_mut() {
                turn.wrote_chunk();
            }
            self.make_room().await?;
            while !self.offers.pipelining && self.turns.back().is_some_and(super::Turn::awaits) {
                if !self.take_buffered()? {
                    self.session.driver.progress(Wanted::Reply).await?;
                }
            }
        }
        Ok(())
    }

    /// The message is queued up to its end.
    fn end(&mut self) {
        let end = self.session.driver.engine().queued();
        if let Some(turn) = self.turns.back_mut() {
            turn.wrote_end(end);
        }
    }
}
