//! A message's place in the window of a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use smtp::connection::FeedDelivery;
use smtp::{Body, DeliverError, Envelope, Receipt};
use tokio::runtime::Handle;

use crate::destination::Destination;
use crate::ending::Ending;
use crate::line::{Facts, Line};
use crate::session::Session;
use crate::stale::{is_stale, is_too_many};

/// A place for a message in the window of a connection, until the message is finished.
pub(crate) struct Lane<C: Session> {
    destination: Arc<Destination<C>>,
    line: Arc<Line>,
    /// Which of the connection's messages it is, from 1.
    number: u64,
    was_found: bool,
}

impl<C: Session> Lane<C> {
    pub(crate) fn new(destination: Arc<Destination<C>>, line: Arc<Line>, number: u64) -> Self {
        Self { destination, line, number, was_found: false }
    }

    /// The connection was open before the message came.
    pub(crate) fn found(mut self) -> Self {
        self.was_found = true;
        self
    }

    pub(crate) fn was_found(&self) -> bool {
        self.was_found
    }

    /// Whether the connection had messages before this one.
    pub(crate) fn was_used(&self) -> bool {
        self.number > 1
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.line.facts
    }

    /// Which of the connection's messages it is, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Gives the connection the message.
    pub(crate) fn deliver(self, envelope: Envelope, body: Body<'static>) -> UnderWay<C> {
        let delivery = self.line.feed.deliver(envelope, body);
        UnderWay(Some((self, delivery)))
    }

    /// Takes note of how the message ended. `may_be_stale` says whether it may be one that a
    /// connection got in vain; whether it was comes back.
    pub(crate) fn finish(
        &self,
        result: &Result<Receipt, DeliverError>,
        may_be_stale: impl FnOnce() -> bool,
    ) -> bool {
        match result {
            Ok(_) => {
                self.line.facts.count_taken();
                false
            }
            Err(error) => self.fail(error, may_be_stale()),
        }
    }

    #[cold]
    fn fail(&self, error: &DeliverError, may_be_stale: bool) -> bool {
        if is_too_many(error) {
            self.destination.learned.learn(self.line.facts.taken());
        }
        let is_stale = may_be_stale && is_stale(error);
        if is_stale || error.lost().is_some() {
            self.destination.lock().retire(&self.line.facts, Ending::Limit);
        }
        is_stale
    }
}

impl<C: Session> Drop for Lane<C> {
    fn drop(&mut self) {
        self.destination.finish(&self.line);
    }
}

/// A message that a connection has. It keeps its place until the connection is done with it, also
/// where its caller has gone.
pub(crate) struct UnderWay<C: Session>(Option<(Lane<C>, FeedDelivery)>);

impl<C: Session> Future for UnderWay<C> {
    type Output = (Lane<C>, Result<Receipt, DeliverError>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((_, delivery)) = &mut self.0 else {
            return Poll::Pending;
        };
        let result = ready!(Pin::new(delivery).poll(cx));
        match self.0.take() {
            Some((lane, _)) => Poll::Ready((lane, result)),
            None => Poll::Pending,
        }
    }
}

impl<C: Session> Drop for UnderWay<C> {
    fn drop(&mut self) {
        let Some((lane, delivery)) = self.0.take() else {
            return;
        };
        // Without a runtime no connection runs either.
        if let (Some(rest), Ok(runtime)) = (delivery.abandon(), Handle::try_current()) {
            runtime.spawn(async move {
                let result = rest.await;
                lane.finish(&result, || lane.was_used());
            });
        }
    }
}
