//! Many messages from one source, over all connections of a pool.

use std::pin::pin;

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use smtp::{Body, Envelope, Receipt};

use crate::error::SendError;
use crate::pool::Pool;
use crate::session::Session;
use crate::wait::Wait;

impl<C: Session> Pool<C> {
    /// Delivers the messages of a stream, each as [`send`](Self::send) does, over all connections
    /// that the pool may open, and hands each result to `report` with the index of the message,
    /// which counts from 0, as soon as it is known: in the order in which results come.
    ///
    /// A message is taken from the stream when the connections have room for it, and when its turn
    /// by the [rates](crate::Settings::message_rate) has come: so many are in memory as
    /// [connections](crate::Settings::connections) times
    /// [messages in flight](crate::Settings::messages_in_flight).
    /// It waits for a connection for as long as one may come: [`Settings::wait`](crate::Settings::wait)
    /// does not count here, and neither [`Reason::Busy`](crate::Reason::Busy) nor
    /// [`Reason::Rate`](crate::Reason::Rate) is reported.
    ///
    /// Messages of an iterator go by `futures_util::stream::iter`. On a runtime of many threads it is
    /// faster in a spawned task: elsewhere, as in `main`, each result has to wake another thread.
    ///
    /// ```no_run
    /// use futures_util::stream;
    /// use smtp::{Envelope, Server};
    /// use smtp_pool::Pool;
    ///
    /// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(Server::new("mx.example.org", 25));
    /// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
    /// let messages = (1..=1000).map(|number| {
    ///     (envelope.clone(), format!("Subject: Number {number}\r\n\r\nHello.\r\n"))
    /// });
    /// let report = |index, result| match result {
    ///     Ok(receipt) => println!("{index}: {}", smtp::Receipt::reply(&receipt)),
    ///     Err(error) => eprintln!("{index}: {error}"),
    /// };
    /// pool.send_all(stream::iter(messages), report).await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None of its own: an error of one message is reported, and the others go on. Where the server
    /// cannot be reached at all, each message is reported so: end the stream to stop.
    ///
    /// # Cancellation
    ///
    /// Dropping the future takes out the messages that wait for a connection, or for room in its
    /// window. Those that are under way are sent, and their results are dropped: to know them all,
    /// end the stream instead, and await the future.
    pub async fn send_all<S, B>(
        &self,
        messages: S,
        mut report: impl FnMut(usize, Result<Receipt, SendError>),
    ) where
        S: Stream<Item = (Envelope, B)>,
        B: Into<Body<'static>>,
    {
        let settings = &self.destination.settings;
        let most = settings.connections.saturating_mul(settings.in_flight);
        let messages = messages.map(|(envelope, body)| (envelope, body.into())).enumerate();
        // Only where there are rates: a message would be moved in vain.
        let paced = if settings.is_paced() {
            let wait = |(index, message): (usize, (Envelope, Body<'static>))| async move {
                // Without a latest time it cannot fail.
                let _ = self.destination.pace(message.0.recipients().len(), None).await;
                (index, message)
            };
            messages.then(wait).left_stream()
        } else {
            messages.right_stream()
        };
        let mut paced = pin!(paced);
        let mut sending = FuturesUnordered::new();
        let mut is_over = false;
        loop {
            tokio::select! {
                biased;
                Some((index, result)) = sending.next() => report(index, result),
                next = paced.next(), if !is_over && sending.len() < most => match next {
                    None => is_over = true,
                    Some((index, message)) => {
                        let result = self.attempt(message, Wait::Patient);
                        sending.push(result.map(move |result| (index, result)));
                    }
                },
                else => return,
            }
        }
    }
}
