//! One connection, many messages.
//!
//! A server that offers PIPELINING gets the content of one message, its final dot and the commands
//! before the next message in one flight (RFC 2920 §3.1), so that a stream of messages costs one
//! round trip each.

use super::Connection;
use super::deliver::{delivered, undelivered};
use super::envelope::Envelope;
use super::group::{Group, Opened};
use crate::body::Body;
use crate::command::{Mail, Rset};
use crate::error::{DeliverError, Fault, Lost};
use crate::proto::engine::Outcome;
use crate::receipt::Receipt;
use crate::state::Home;

/// A message whose turn has come.
struct Turn<'b> {
    place: usize,
    envelope: Envelope,
    body: Body<'b>,
    mail: Mail,
    /// Its commands, where they are in flight already.
    group: Option<Group>,
}

type Delivered = Result<Receipt, DeliverError>;

impl<H: Home> Connection<H> {
    /// Delivers one message after the other over this connection, and hands each result to
    /// `report` with the message's place, as soon as it is known.
    ///
    /// A server that offers PIPELINING gets the content of one message and the commands before the
    /// next in one flight: a message then costs one round trip.
    ///
    /// It stops when the connection is lost. What became of the messages under way was then
    /// reported; all others are still in `messages`: pass `&mut messages` to keep them.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// As [`deliver`](Self::deliver).
    pub async fn deliver_all<'b, B: Into<Body<'b>>>(
        &mut self,
        messages: impl IntoIterator<Item = (Envelope, B)>,
        mut report: impl FnMut(usize, Result<Receipt, DeliverError>),
    ) -> Result<(), Lost> {
        self.session.driver.enter()?;
        let mut messages = messages.into_iter().enumerate();
        let mut following = self.next_turn(&mut messages, &mut report);
        while let Some(turn) = following.take() {
            let place = turn.place;
            let result = self.deliver_turn(turn, &mut messages, &mut report, &mut following).await;
            let lost = self.session.driver.has_ended();
            report(place, result);
            if lost {
                if let Some(turn) = following {
                    report(turn.place, Err(DeliverError::Lost(Fault::Ended.into())));
                }
                return Err(Fault::Ended.into());
            }
            if following.is_none() {
                following = self.next_turn(&mut messages, &mut report);
            }
        }
        self.session.driver.leave();
        Ok(())
    }

    /// The next message that can be sent. What cannot be is reported on the way.
    fn next_turn<'b, B: Into<Body<'b>>>(
        &self,
        messages: &mut impl Iterator<Item = (usize, (Envelope, B))>,
        report: &mut impl FnMut(usize, Delivered),
    ) -> Option<Turn<'b>> {
        for (place, (envelope, body)) in messages {
            let body = body.into();
            match self.prepare_mail(&envelope, &body) {
                Ok(mail) => return Some(Turn { place, envelope, body, mail, group: None }),
                Err(refusal) => report(place, Err(undelivered(refusal, Vec::new()))),
            }
        }
        None
    }

    /// Delivers a message, and sends the commands of the one that follows behind its content.
    async fn deliver_turn<'b, B: Into<Body<'b>>>(
        &mut self,
        turn: Turn<'b>,
        messages: &mut impl Iterator<Item = (usize, (Envelope, B))>,
        report: &mut impl FnMut(usize, Delivered),
        following: &mut Option<Turn<'b>>,
    ) -> Delivered {
        let capabilities = self.state.capabilities();
        let opened = match turn.group {
            None => self.session.open_message(&turn.mail, &turn.envelope, capabilities).await,
            Some(group) => self.read_behind_reset(group, &turn.envelope).await,
        };
        let Opened { recipients, ready } = opened.map_err(DeliverError::Lost)?;
        let declared = match ready {
            Ok(declared) => declared,
            Err(refusal) => return Err(undelivered(refusal, recipients)),
        };
        let sent = self.session.send_content(turn.body, declared.eight_bit).await;
        sent.map_err(DeliverError::Lost)?;
        if self.state.capabilities().has("PIPELINING") {
            *following = self.next_turn(messages, report);
            if let Some(next) = following {
                next.group = self.submit_behind_reset(next);
            }
        }
        // A RSET that is in flight ends what a refused message may leave behind.
        let in_flight = following.as_ref().is_some_and(|next| next.group.is_some());
        let capabilities = (!in_flight).then(|| self.state.capabilities());
        let sent = self.session.read_end(capabilities).await;
        delivered(sent, recipients)
    }

    /// Queues a group behind RSET: a server that refuses a message may keep its transaction, and
    /// recipients of the next one must never join it.
    fn submit_behind_reset(&mut self, next: &Turn<'_>) -> Option<Group> {
        let capabilities = self.state.capabilities();
        self.session.driver.submit(&Rset, capabilities, false).ok()?;
        let group = self.session.submit_group(&next.mail, &next.envelope, capabilities);
        Some(group.unwrap_or_else(Group::refused))
    }

    async fn read_behind_reset(
        &mut self,
        group: Group,
        envelope: &Envelope,
    ) -> Result<Opened, Lost> {
        if let Outcome::Refused(reply) = self.session.driver.reply().await? {
            return Err(self.session.driver.fail(Fault::Closing(reply)).into());
        }
        let capabilities = self.state.capabilities();
        self.session.read_group(group, envelope, capabilities).await
    }
}
