//! A submission that connects with a message in its hands: the message may leave in fewer round
//! trips.

use std::sync::{Mutex, PoisonError};

use super::capability_cache::Policy;
use super::kind::{WithMechanism, WithMechanismFrom, WithoutTls};
use super::log_in::or_quit;
use super::open::{may_follow_from_early, to_first};
use super::server::Begins;
use super::submission::Submission;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connection::first_message::{End, FirstMessage, GreetedWithMessage};
use crate::connection::{Connection, TransitionError};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::delivery::{Delivered, handed_back};
use crate::exchange::recipients::RecipientList;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, Unsent};
use crate::message::receipt::Receipt;
use crate::proto::fault::{Fault, ProtocolError};
use crate::state::{Authed, Greeted, Idle};

impl<M: Mechanism> Submission<WithMechanism<M>> {
    /// Connects, authenticates and delivers a message: as [`connect`](Self::connect) and
    /// [`Connection::deliver`], and in fewer round trips where
    /// [`pipeline_auth`](Self::pipeline_auth) says so.
    ///
    /// The connection comes with the result of the message, which may be refused while the session
    /// goes on.
    ///
    /// ```no_run
    /// use smtp::{Envelope, Plain, Submission, Transfer};
    ///
    /// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
    /// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
    /// let (mail, receipt) = Submission::new("mail.example.com")
    ///     .auth(Plain::new("me@example.com", "secret"))
    ///     .transfer(Transfer::chunks())
    ///     .pipeline_auth()
    ///     .connect_and_deliver(&envelope, "Subject: Hello\r\n\r\nHello.\r\n")
    ///     .await?;
    /// receipt?;
    /// mail.quit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no connection. [`DeliverError::NotSent`] where there was none, or the server
    /// refused the session or the credentials ([`Unsent::lost`], [`Unsent::refusal`]);
    /// [`DeliverError::Lost`] and [`DeliverError::Unknown`] as [`Connection::deliver`]. The result
    /// of the pair leaves the session intact, also where it is an error.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection. The message is then as after
    /// [`Connection::deliver`].
    pub async fn connect_and_deliver<'b>(
        self,
        envelope: &Envelope,
        body: impl Into<Body<'b>>,
    ) -> Result<(Connection<Authed>, Result<Receipt, DeliverError>), DeliverError> {
        let (submission, mut mechanism) = self.into_parts();
        submission.log_in_and_deliver(&mut mechanism, envelope, body.into()).await
    }
}

impl<M: Mechanism, F: Fn() -> M> Submission<WithMechanismFrom<F>> {
    /// Connects, authenticates and delivers a message, as
    /// [`Submission::<WithMechanism<M>>::connect_and_deliver`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn connect_and_deliver<'b>(
        &self,
        envelope: &Envelope,
        body: impl Into<Body<'b>>,
    ) -> Result<(Connection<Authed>, Result<Receipt, DeliverError>), DeliverError> {
        self.log_in_and_deliver(&mut self.mechanism(), envelope, body.into()).await
    }
}

impl Submission<WithoutTls> {
    /// Connects and delivers a message: as [`connect`](Self::connect) and [`Connection::deliver`],
    /// and in fewer round trips where a [cache of capabilities](Self::capability_cache) says so.
    ///
    /// # Errors
    ///
    /// When there is no connection. [`DeliverError::NotSent`] where there was none, or the server
    /// refused the session; [`DeliverError::Lost`] and [`DeliverError::Unknown`] as
    /// [`Connection::deliver`]. The result of the pair leaves the session intact, also where it is
    /// an error.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection. The message is then as after
    /// [`Connection::deliver`].
    pub async fn connect_and_deliver<'b>(
        &self,
        envelope: &Envelope,
        body: impl Into<Body<'b>>,
    ) -> Result<(Connection<Greeted>, Result<Receipt, DeliverError>), DeliverError> {
        let body = body.into();
        let server = &self.server;
        let memory = server.memory(Policy::Clear).filter(|_| self.discovery().is_none());
        let recalled = memory.and_then(|memory| {
            let remembered = memory.recall()?;
            Some((memory, remembered))
        });
        let Some((memory, remembered)) = recalled else {
            return deliver_over(self.connect().await, envelope, body).await;
        };
        let place = Mutex::new(Some(body));
        let opened = to_first(server, Begins::InClear, |session| {
            Connection::open_and_deliver(session, &remembered, envelope, &place)
        })
        .await;
        let body = place.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (opened, body) {
            (Ok(GreetedWithMessage { connection, result, unsuited }), _) => {
                if unsuited {
                    memory.wait_from_now_on();
                }
                memory.keep(connection.capabilities());
                with_result(connection, result)
            }
            (Err(error), Some(body)) if may_follow_from_early(&error) => {
                memory.forget();
                let connected = Connection::connect(server).await;
                if connected.is_ok() {
                    memory.wait_from_now_on();
                }
                deliver_over(connected, envelope, body).await
            }
            (Err(error), body) => {
                memory.forget();
                Err(not_sent(reason(error), envelope, body))
            }
        }
    }
}

impl<A> Submission<A> {
    pub(super) async fn log_in_and_deliver<M: Mechanism + ?Sized>(
        &self,
        mechanism: &mut M,
        envelope: &Envelope,
        mut body: Body<'_>,
    ) -> Result<(Connection<Authed>, Delivered), DeliverError> {
        if self.pipelines_auth() {
            let connection = match self.secure().await {
                Ok(connection) => connection,
                Err(error) => return Err(not_sent(reason(error), envelope, Some(body))),
            };
            let FirstMessage { end, unsuited } =
                connection.authenticate_and_deliver(mechanism, envelope, body).await;
            if unsuited {
                self.stop_pipelining_auth();
            }
            match end {
                End::Authed(connection, result) => return with_result(connection, result),
                End::Refused(refused, message) => {
                    let refusal = refused.refusal.clone();
                    let _ = or_quit::<(), _>(Err(TransitionError::Refused(*refused))).await;
                    let body = message.map(|(_, body)| body);
                    return Err(not_sent(Err(refusal), envelope, body));
                }
                // Nothing but commands has left, so that the message can be sent again.
                End::Lost(lost, Some((_, again))) if unsuited && may_follow_from_flight(&lost) => {
                    body = again;
                }
                End::Lost(lost, message) => {
                    let body = message.map(|(_, body)| body);
                    return Err(not_sent(Ok(lost), envelope, body));
                }
            }
        }
        deliver_over(self.log_in(mechanism).await, envelope, body).await
    }
}

/// Delivers a message over a connection, where there is one.
pub(super) async fn deliver_over<H: Idle>(
    connected: Result<Connection<H>, Error>,
    envelope: &Envelope,
    body: Body<'_>,
) -> Result<(Connection<H>, Delivered), DeliverError> {
    match connected {
        Ok(mut connection) => {
            let result = connection.deliver(envelope, body).await;
            with_result(connection, result)
        }
        Err(error) => Err(not_sent(reason(error), envelope, Some(body))),
    }
}

/// Whether the server may have ended the session because commands have followed AUTH. A server
/// that takes too long may have lost them; but its time is used up.
fn may_follow_from_flight(lost: &Lost) -> bool {
    let is_its_own = match lost.fault() {
        Fault::Closed | Fault::Closing(_) | Fault::Io(_) => true,
        Fault::Protocol(error) => !error.is_attack(),
        _ => false,
    };
    // A refusal was read, and decides.
    is_its_own && lost.refusal().is_none()
}

/// The connection and the result of its message; the result alone where the connection is gone.
fn with_result<H: Idle>(
    connection: Connection<H>,
    result: Delivered,
) -> Result<(Connection<H>, Delivered), DeliverError> {
    match result {
        Err(error) if error.lost().is_some() => Err(error),
        result => Ok((connection, result)),
    }
}

/// The error of a message for which there is no connection.
pub(crate) fn not_sent(
    reason: Result<Lost, Refusal>,
    envelope: &Envelope,
    body: Option<Body<'_>>,
) -> DeliverError {
    let recipients = RecipientList::of(envelope.rcpts()).into_vec();
    handed_back(Unsent::new(reason, recipients), body.map(|body| (envelope, body)))
}

/// Why there is no connection.
fn reason(error: Error) -> Result<Lost, Refusal> {
    match error {
        Error::Refused(refusal) => Err(refusal),
        Error::Lost(lost) => Ok(lost),
        Error::DeliveryUnknown(unknown) => Ok(unknown.lost().clone()),
        Error::Reply(error) => Ok(Lost::new(ProtocolError::Unreadable(error).into(), None)),
        Error::Envelope(_) => Ok(Lost::new(Fault::Ended, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session that shows a third side is no reason to try once more.
    #[test]
    fn an_attack_is_not_followed_by_another_connection() {
        let lost = |error: ProtocolError| Lost::new(error.into(), None);
        let attacks =
            [ProtocolError::InjectedBeforeTls, ProtocolError::Untrusted("no proof".into())];
        for error in attacks {
            assert!(!may_follow_from_flight(&lost(error)));
        }
        let error = ProtocolError::Surplus;
        assert!(may_follow_from_flight(&lost(error)), "a server that is out of step may be");
    }
}
