//! The commands of a transaction, written as far as no reply has to be waited for.

use std::borrow::Borrow;

use super::super::envelope::Envelope;
use super::super::message::WATER_MARK;
use super::Next;
use super::offers::Offers;
use super::turn::{Opening, Step, Turn};
use crate::command::{Data, Mail, Rset};
use crate::error::Refusal;
use crate::net::Driver;
use crate::proto::command::Command as _;

impl<E: Borrow<Envelope>> Turn<'_, E> {
    /// Writes commands up to the message, and says what must happen before more is written. None
    /// when none is left to be written, or nobody gets the message.
    pub(super) fn write(&mut self, driver: &mut Driver, offers: &Offers<'_>) -> Option<Next> {
        let capabilities = offers.capabilities;
        loop {
            if !offers.pipelining && self.awaits() {
                return Some(Next::Reply);
            }
            match self.step {
                Step::Reset => {
                    self.wrote_reset();
                    driver.engine().submit_verb::<Rset>();
                }
                Step::Mail => match driver.submit(&self.message.mail(), capabilities, false) {
                    Ok(declared) => self.wrote_mail(declared),
                    Err(error) => self.refuse(Refusal::encode(Mail::SPEC.verb, error)),
                },
                Step::Rcpt if self.refusal.is_some() => self.step = Step::Done,
                Step::Rcpt => match self.next_rcpt() {
                    Some(place) => {
                        let rcpt = &self.message.rcpts()[place];
                        match driver.submit(rcpt, capabilities, self.declared.utf8) {
                            Ok(_) => self.wrote_rcpt(place),
                            Err(error) => self.skip_rcpt(place, error),
                        }
                        if driver.engine().output().remaining() > WATER_MARK {
                            return Some(Next::Room);
                        }
                        self.step = self.step_behind_rcpt();
                    }
                    None => self.step = Step::Open,
                },
                Step::Open => match self.opening(offers.pipelining) {
                    Opening::Wait => return Some(Next::Reply),
                    Opening::Refused(refusal) => self.refuse(refusal),
                    Opening::Ask => {
                        self.wrote_data();
                        driver.engine().submit_verb::<Data>();
                        return Some(Next::Reply);
                    }
                    Opening::Send => self.step = Step::Content,
                },
                Step::Opening => return Some(Next::Reply),
                Step::Content => return Some(Next::Content),
                Step::Nothing | Step::Done => return None,
            }
        }
    }
}
