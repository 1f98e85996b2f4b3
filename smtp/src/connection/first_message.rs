//! The first message of a connection, whose commands leave in the flight of AUTH, or of EHLO.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};

use smtp_grammar::Capabilities;

use super::authenticate::facts;
use super::deliver::conclude;
use super::error::Refused;
use super::session::Session;
use super::typed::Connection;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::error::lost::Lost;
use crate::exchange::auth_flight::AuthFlight;
use crate::exchange::delivery::{Delivered, Delivery, OneMessage};
use crate::exchange::hello_flight::HelloFlight;
use crate::exchange::sasl::SaslExchange;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::proto::fault::Fault;
use crate::state::{Authed, Greeted, State as _, Tls};

/// A message, and who gets it.
type Message<'a, 'b> = (&'a Envelope, Body<'b>);

/// The end of AUTH and of the first message.
pub(crate) struct FirstMessage<'a, 'b> {
    pub(crate) end: End<'a, 'b>,
    /// The server did not take MAIL and RCPT in the flight of AUTH, or may not have.
    pub(crate) unsuited: bool,
}

/// The state of the connection and of the message after it.
pub(crate) enum End<'a, 'b> {
    /// AUTH was accepted, and this is the result of the message. The connection may be gone.
    Authed(Connection<Authed>, Delivered),
    /// AUTH was refused, and nothing but commands of the message has left.
    Refused(Box<Refused<Tls>>, Option<Message<'a, 'b>>),
    /// The connection is gone, and nothing but commands of the message has left.
    Lost(Lost, Option<Message<'a, 'b>>),
}

impl Connection<Tls> {
    /// Authenticates, and delivers a message whose MAIL and RCPT leave in the flight of AUTH where
    /// the server offers PIPELINING and the mechanism is one of one round.
    pub(crate) async fn authenticate_and_deliver<'a, 'b, M: Mechanism + ?Sized>(
        mut self,
        mechanism: &mut M,
        envelope: &'a Envelope,
        body: Body<'b>,
    ) -> FirstMessage<'a, 'b> {
        let offers = self.session.offers(self.state.capabilities());
        let mut delivery = Delivery::new(offers, OneMessage::new(envelope, body)).hold();
        let end = self.run_first(mechanism, &mut delivery).await;
        FirstMessage { end, unsuited: delivery.is_unsuited() }
    }

    async fn run_first<'a, 'b, M: Mechanism + ?Sized>(
        mut self,
        mechanism: &mut M,
        delivery: &mut Delivery<'b, OneMessage<'a, 'b>, &'a Envelope, ()>,
    ) -> End<'a, 'b> {
        if let Err(lost) = self.session.driver.begin_call() {
            return End::Lost(lost, back(delivery));
        }
        let server_name = self.session.server_name().to_owned();
        let security = self.session.driver.security().cloned();
        let (state, session) = (&self.state, &mut self.session);
        let facts = facts(&server_name, state, security.as_deref(), false);
        let answer = match SaslExchange::new(mechanism, facts, state.capabilities()) {
            Ok(sasl) => session.run(AuthFlight::new(sasl, delivery)).await,
            Err(refusal) => Ok(Err(refusal)),
        };
        match answer {
            Ok(Ok(())) => delivery.release(),
            Ok(Err(refusal)) => {
                self.session.driver.end_call();
                let refused = Refused { connection: self, refusal };
                return End::Refused(Box::new(refused), back(delivery));
            }
            Err(lost) => return End::Lost(lost, back(delivery)),
        }
        let driver = &mut self.session.driver;
        let run = poll_fn(|cx| driver.poll_run(cx, delivery)).await;
        driver.end_call();
        let transactions = driver.transactions();
        if let Err(lost) = &run
            && let Some(message) = delivery.messages().take_unsent()
        {
            return End::Lost(lost.clone(), Some(message));
        }
        let result = conclude(delivery, run, transactions);
        End::Authed(self.into_authed(), result)
    }
}

/// The first message of a connection in clear, of which EHLO has left first.
pub(crate) struct GreetedWithMessage {
    pub(crate) connection: Connection<Greeted>,
    /// The result of the message. The connection may be gone.
    pub(crate) result: Delivered,
    /// The server did not take MAIL and RCPT in the flight of EHLO.
    pub(crate) unsuited: bool,
}

impl Connection<Greeted> {
    /// Says EHLO, and delivers the message that waits in `place`: its MAIL and RCPT leave with EHLO,
    /// before the greeting, as the capabilities that are remembered have it. The message is there
    /// again where nothing but commands has left and there is no connection.
    pub(crate) async fn open_and_deliver<'a, 'b>(
        mut session: Box<Session>,
        remembered: &Capabilities,
        envelope: &'a Envelope,
        place: &Mutex<Option<Body<'b>>>,
    ) -> Result<GreetedWithMessage, Error> {
        let take = || place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(body) = take() else {
            return Err(Lost::new(Fault::Ended, None).into());
        };
        let transfer = session.config.transfer.clone();
        let offers = session.offers(remembered);
        let mut delivery = Delivery::new(offers, OneMessage::new(envelope, body)).hold();
        let hello = session.greeting(true, true);
        let hello = HelloFlight::new(hello, &mut delivery, remembered, &transfer);
        let put_back = |message: Option<Message<'a, 'b>>| {
            let body = message.map(|(_, body)| body);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = body;
        };
        let capabilities = match session.run(hello).await {
            Ok(Ok(capabilities)) => capabilities,
            Ok(Err(refusal)) => {
                session.close().await;
                put_back(back(&mut delivery));
                return Err(refusal.into());
            }
            Err(lost) => {
                put_back(back(&mut delivery));
                return Err(lost.into());
            }
        };
        delivery.release();
        let run = poll_fn(|cx| session.driver.poll_run(cx, &mut delivery)).await;
        session.driver.end_call();
        if let Err(lost) = &run
            && let Some(message) = delivery.messages().take_unsent()
        {
            put_back(Some(message));
            return Err(lost.clone().into());
        }
        let result = conclude(&mut delivery, run, session.driver.transactions());
        let connection = Connection { session, state: Greeted { capabilities } };
        Ok(GreetedWithMessage { connection, result, unsuited: delivery.is_unsuited() })
    }
}

/// The message, where nothing but commands of it has left.
fn back<'a, 'b>(
    delivery: &mut Delivery<'b, OneMessage<'a, 'b>, &'a Envelope, ()>,
) -> Option<Message<'a, 'b>> {
    let taken = delivery.take_back().map(|((), envelope, body)| (envelope, body));
    taken.or_else(|| delivery.messages().take())
}
