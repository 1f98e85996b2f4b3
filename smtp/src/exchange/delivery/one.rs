//! A source of one message, which keeps its result.

use std::task::{Context, Poll};

use super::{Delivered, Messages, handed_back};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::recipients::RecipientList;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::Unsent;

/// One message, and its result.
pub(crate) struct OneMessage<'a, 'b> {
    message: Option<(&'a Envelope, Body<'b>)>,
    result: Option<OneResult>,
}

/// The result of the message, which is back in its place where nothing was sent.
enum OneResult {
    Reported(Delivered),
    Unsent(Unsent),
}

impl<'a, 'b> OneMessage<'a, 'b> {
    pub(crate) fn new(envelope: &'a Envelope, body: Body<'b>) -> Self {
        Self { message: Some((envelope, body)), result: None }
    }

    /// The message, while it is here.
    pub(crate) fn take(&mut self) -> Option<(&'a Envelope, Body<'b>)> {
        self.message.take()
    }

    /// The result, where there is one.
    pub(crate) fn take_result(&mut self) -> Option<Delivered> {
        Some(match self.result.take()? {
            OneResult::Reported(result) => result,
            OneResult::Unsent(unsent) => Err(handed_back(unsent, self.message.take())),
        })
    }

    /// Nothing of the message has left.
    pub(crate) fn not_sent(&mut self, reason: Result<Lost, Refusal>) -> Delivered {
        let message = self.message.take();
        let recipients = message
            .as_ref()
            .map(|(envelope, _)| RecipientList::of(envelope.rcpts()).into_vec())
            .unwrap_or_default();
        Err(handed_back(Unsent::new(reason, recipients), message))
    }

    /// The message, of which nothing has left because the connection was lost.
    pub(crate) fn take_unsent(&mut self) -> Option<(&'a Envelope, Body<'b>)> {
        match &self.result {
            Some(OneResult::Unsent(unsent)) if unsent.lost().is_some() => self.message.take(),
            _ => None,
        }
    }
}

impl<'a, 'b> Messages<'b> for OneMessage<'a, 'b> {
    type Envelope = &'a Envelope;
    type Ticket = ();

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<((), &'a Envelope, Body<'b>)>> {
        self.next_at_once()
    }

    fn next_at_once(&mut self) -> Poll<Option<((), &'a Envelope, Body<'b>)>> {
        Poll::Ready(self.message.take().map(|(envelope, body)| ((), envelope, body)))
    }

    fn is_empty(&self) -> bool {
        self.message.is_none()
    }

    fn report(&mut self, (): (), result: Delivered) {
        self.result = Some(OneResult::Reported(result));
    }

    fn hand_back(&mut self, (): (), unsent: Unsent, message: Option<(&'a Envelope, Body<'b>)>) {
        self.message = message;
        self.result = Some(OneResult::Unsent(unsent));
    }
}
