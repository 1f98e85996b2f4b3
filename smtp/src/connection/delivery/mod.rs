//! Messages on their way: what is written next, and which transaction the next reply is for.
//!
//! All ways of sending are one: transactions stand in a queue, the last of them is being written,
//! the first gets the replies. What differs is how far writing may run ahead.
//!
//! | file | the question it answers |
//! |---|---|
//! | [`offers`] | what does this server take, and how? |
//! | [`message`] | who got the message, over all of its transactions? |
//! | [`turn`] | where is this transaction, and what does a reply mean to it? |
//! | [`commands`] | what is written of it before the message? |
//! | [`content`] | how does the message itself go out? |

mod commands;
mod content;
mod message;
mod offers;
mod turn;

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::iter::Enumerate;

use super::envelope::Envelope;
use super::session::Session;
use super::transfer::{Transfer, Way};
use crate::body::Body;
use crate::command::Rset;
use crate::error::{DeliverError, Fault, Refusal, Undelivered};
use crate::net::Wanted;
use crate::proto::engine::Outcome;
use crate::receipt::Receipt;
use message::Message;
use offers::Offers;
use turn::{Step, Turn};

/// What became of a message.
pub(super) type Delivered = Result<Receipt, DeliverError>;

/// What must happen before more commands are written.
enum Next {
    /// A reply is due that decides.
    Reply,
    /// Too much is queued.
    Room,
    /// The message itself comes next.
    Content,
}

/// Messages on their way over a session.
pub(super) struct Delivery<'s, 'b, E, M, R> {
    session: &'s mut Session,
    offers: Offers<'s>,
    messages: Enumerate<M>,
    report: R,
    /// The transactions under way, the oldest first.
    turns: VecDeque<Turn<'b, E>>,
    /// A message that needs another transaction.
    split: Option<Message<'b, E>>,
    /// A transaction may still be open on the server.
    open: bool,
}

impl<'s, 'b, E, B, M, R> Delivery<'s, 'b, E, M, R>
where
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    M: Iterator<Item = (E, B)>,
    R: FnMut(usize, Delivered),
{
    pub(super) fn new(
        session: &'s mut Session,
        capabilities: &'s smtp_grammar::Capabilities,
        transfer: Transfer,
        messages: M,
        report: R,
    ) -> Self {
        Self {
            session,
            offers: Offers::new(capabilities, transfer),
            messages: messages.enumerate(),
            report,
            turns: VecDeque::new(),
            split: None,
            open: false,
        }
    }

    /// Sends every message, and reports each as soon as it is known what became of it.
    ///
    /// # Errors
    ///
    /// When the connection is lost. The messages under way have been reported then.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        match self.send_all().await {
            Ok(()) => Ok(()),
            Err(fault) => Err(self.lose(fault)),
        }
    }

    async fn send_all(&mut self) -> Result<(), Fault> {
        loop {
            self.write().await?;
            if self.turns.is_empty() {
                break;
            }
            while !self.take_buffered()? {
                self.session.driver.progress(Wanted::Reply).await?;
            }
        }
        if self.open {
            // Nobody may join what a refused message has left behind.
            let driver = &mut self.session.driver;
            driver.engine().submit_verb::<Rset>();
            if let Outcome::Refused(reply) = driver.reply().await? {
                return Err(Fault::Closing(reply));
            }
        }
        Ok(())
    }

    /// Writes as far ahead as the way of each message, and the server, allow.
    async fn write(&mut self) -> Result<(), Fault> {
        loop {
            match self.write_commands() {
                Next::Reply => return Ok(()),
                Next::Room => self.make_room().await?,
                Next::Content => {
                    if !self.send_at_once() {
                        self.send_content().await?;
                    }
                    self.settle();
                }
            }
        }
    }

    /// Writes commands up to the next message.
    fn write_commands(&mut self) -> Next {
        loop {
            let Some(turn) = self.turns.back_mut().filter(|turn| turn.step != Step::Done) else {
                if self.may_begin() && self.begin() {
                    continue;
                }
                return Next::Reply;
            };
            if let Some(next) = turn.write(&mut self.session.driver, &self.offers) {
                return next;
            }
            if turn.step == Step::Nothing {
                self.send_nothing();
            }
            self.settle();
        }
    }

    /// Whether another transaction may begin behind those under way.
    fn may_begin(&self) -> bool {
        let Some(last) = self.turns.back() else {
            return true;
        };
        if !self.offers.pipelining {
            return false;
        }
        if last.message.plan.way != Way::Eager {
            // It is written whole, so its commands were answered: only its end is due.
            return true;
        }
        let transfer = &self.offers.transfer;
        let octets: u64 = self.turns.iter().map(|turn| turn.message.plan.octets).sum();
        self.session.chunks_proved
            && self.turns.len() < transfer.messages
            && octets < transfer.octets
    }

    /// Begins the next transaction. False when there is none.
    fn begin(&mut self) -> bool {
        loop {
            let reset = self.open || !self.turns.is_empty();
            // A turn is large: it is made where it stays.
            if self.split.is_some() {
                self.turns.extend(self.split.take().map(|message| Turn::new(message, reset)));
            } else {
                let Some((place, (envelope, body))) = self.messages.next() else {
                    return false;
                };
                let body = body.into();
                match self.offers.plan(envelope.borrow(), &body) {
                    Ok(plan) => {
                        let message = Message::new(place, envelope, plan, body);
                        self.turns.push_back(Turn::new(message, reset));
                    }
                    Err(refusal) => {
                        let undelivered = Undelivered::new(refusal, Vec::new());
                        (self.report)(place, Err(DeliverError::Refused(undelivered)));
                        continue;
                    }
                }
            }
            let Some(turn) = self.turns.back_mut() else {
                return false;
            };
            let most = self.offers.limits.mail.map_or(u64::MAX, u64::from);
            let refusal = if self.session.driver.engine().transactions() >= most {
                Some(Refusal::exhausted(most))
            } else if turn.name_recipients(&self.offers) {
                return true;
            } else {
                None
            };
            (self.report)(turn.message.place, turn.message.finish(refusal.as_ref()));
            self.turns.pop_back();
        }
    }

    /// Gives the replies that are here to the transactions that they are for. False when none is.
    fn take_buffered(&mut self) -> Result<bool, Fault> {
        let mut took = false;
        while let Some(turn) = self.turns.front_mut() {
            let driver = &mut self.session.driver;
            while !turn.is_over() {
                if driver.is_waiting() {
                    return Ok(took);
                }
                let arrived = match driver.buffered_plain() {
                    Some(arrived) => arrived,
                    None => match driver.buffered()? {
                        Some(arrived) => arrived,
                        None => return Ok(took),
                    },
                };
                took = true;
                if let Some(reply) = turn.take(&arrived, driver.engine(), &mut self.open) {
                    return Err(Fault::Closing(reply));
                }
            }
            self.settle_first();
        }
        Ok(took)
    }

    /// Ends the transactions that are over.
    #[inline]
    fn settle(&mut self) {
        while self.turns.front().is_some_and(Turn::is_over) {
            self.settle_first();
        }
    }

    /// Ends the first transaction.
    fn settle_first(&mut self) {
        if let Some(turn) = self.turns.front_mut() {
            match &turn.refusal {
                Some(refusal) => {
                    self.open |= turn.leaves_open();
                    turn.message.ended(turn.rcpts.clone(), Err(refusal));
                }
                None => {
                    self.session.chunks_proved |= turn.message.plan.way != Way::Data;
                    self.open = false;
                }
            }
            if turn.may_go_on() && turn.message.next_recipients(&self.offers).is_some() {
                self.split = self.turns.pop_front().map(|turn| turn.message);
            } else {
                (self.report)(turn.message.place, turn.message.finish(turn.refusal.as_ref()));
                self.turns.pop_front();
            }
        }
    }

    /// Reports the messages under way, of a connection that is lost.
    fn lose(mut self, fault: Fault) -> Fault {
        let driver = &mut self.session.driver;
        // A server that said that it closes takes nothing that it has not answered. One that refused
        // RSET has not said so: it is this side that closes.
        let closing = driver.has_ended() && matches!(fault, Fault::Closing(_));
        let fault = driver.fail(fault);
        // What is wrong with a message is said of that one, which is the last to be written; what
        // happens to the connection, of the one that waits for the next reply.
        let own = matches!(fault, Fault::Body(_) | Fault::Content(_));
        let at = if own { self.turns.len().saturating_sub(1) } else { 0 };
        let mut reason = Some(fault);
        for (place, turn) in self.turns.drain(..).enumerate() {
            let unknown = !closing && turn.is_unanswered(|end| driver.has_left(end));
            let reason = if place == at { reason.take() } else { None };
            let lost = reason.unwrap_or(Fault::Ended).into();
            (self.report)(turn.message.place, turn.message.lost(lost, unknown));
        }
        if let Some(message) = self.split.take() {
            let lost = reason.take().unwrap_or(Fault::Ended).into();
            (self.report)(message.place, message.lost(lost, false));
        }
        reason.unwrap_or(Fault::Ended)
    }
}
