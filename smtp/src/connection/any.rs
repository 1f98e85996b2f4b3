//! A connection whose state is known at run time: for pools, and for fields of structs.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use smtp_grammar::Capabilities;

use super::call::Call;
#[cfg(feature = "stream")]
use super::deliver::DeliverStream;
use super::deliver::{Deliver, DeliverAll};
use super::feed::{Feed, Feeding};
use super::typed::Connection;
use super::watch::UntilClosed;
use crate::any_error::Error;
use crate::error::lost::Lost;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::message::transfer::Transfer;
use crate::proto::command::Command;
use crate::state::{Authed, BeforeAuth, Greeted, Security, Tls, ValidIn};

/// A connection between transactions, in one of its three states.
///
/// `From` puts a connection in, `TryFrom` takes it out, and gives it back when its state is
/// another. One in the state [`BeforeAuth`] is put in as `Greeted` or `Tls`. There is no variant for a transaction: one that is under way belongs to the caller
/// that began it.
#[derive(Debug)]
pub enum AnyConnection {
    /// Without TLS.
    Greeted(Connection<Greeted>),
    /// Inside TLS.
    Tls(Connection<Tls>),
    /// Authenticated.
    Authed(Connection<Authed>),
}

macro_rules! either {
    ($self:expr, $connection:ident => $call:expr) => {
        match $self {
            AnyConnection::Greeted($connection) => $call,
            AnyConnection::Tls($connection) => $call,
            AnyConnection::Authed($connection) => $call,
        }
    };
}

impl AnyConnection {
    /// The capabilities that the server offers in its state.
    pub fn capabilities(&self) -> &Capabilities {
        either!(self, connection => connection.capabilities())
    }

    /// As [`Connection::deliver`].
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::deliver`].
    pub fn deliver<'a, 'b>(
        &'a mut self,
        envelope: &'a Envelope,
        body: impl Into<Body<'b>>,
    ) -> Deliver<'a, 'b> {
        either!(self, connection => connection.deliver(envelope, body))
    }

    /// As [`Connection::deliver_all`].
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver_all`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::deliver_all`].
    pub fn deliver_all<'a, 'b, M, E, B, R>(
        &'a mut self,
        messages: M,
        report: R,
    ) -> DeliverAll<'a, 'b, M::IntoIter, E, R>
    where
        M: IntoIterator<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        either!(self, connection => connection.deliver_all(messages, report))
    }

    /// As [`Connection::deliver_stream`].
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver_stream`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::deliver_stream`].
    #[cfg(feature = "stream")]
    pub fn deliver_stream<'a, 'b, M, E, B, R>(
        &'a mut self,
        messages: M,
        report: R,
    ) -> DeliverStream<'a, 'b, M, E, R>
    where
        M: futures_core::Stream<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        either!(self, connection => connection.deliver_stream(messages, report))
    }

    /// As [`Connection::feed`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::feed`].
    pub fn feed(self) -> (Feed, AnyFeeding) {
        match self {
            Self::Greeted(connection) => {
                let (feed, feeding) = connection.feed();
                (feed, AnyFeeding::Greeted(feeding))
            }
            Self::Tls(connection) => {
                let (feed, feeding) = connection.feed();
                (feed, AnyFeeding::Tls(feeding))
            }
            Self::Authed(connection) => {
                let (feed, feeding) = connection.feed();
                (feed, AnyFeeding::Authed(feeding))
            }
        }
    }

    /// As [`Connection::send`], of a command that may be sent in all three states.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::send`].
    pub fn send<C, R>(&mut self, command: C) -> AnyCall<'_, C, R>
    where
        C: ValidIn<Greeted> + ValidIn<Tls> + ValidIn<Authed> + Command<Reply = R>,
    {
        match self {
            Self::Greeted(connection) => AnyCall::Greeted(connection.send(command)),
            Self::Tls(connection) => AnyCall::Tls(connection.send(command)),
            Self::Authed(connection) => AnyCall::Authed(connection.send(command)),
        }
    }

    /// As [`Connection::is_open`].
    pub fn is_open(&mut self) -> bool {
        either!(self, connection => connection.is_open())
    }

    /// As [`Connection::closed`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::closed`].
    pub fn closed(&mut self) -> AnyUntilClosed<'_> {
        match self {
            Self::Greeted(connection) => AnyUntilClosed::Greeted(connection.closed()),
            Self::Tls(connection) => AnyUntilClosed::Tls(connection.closed()),
            Self::Authed(connection) => AnyUntilClosed::Authed(connection.closed()),
        }
    }

    /// As [`Connection::set_transfer`].
    pub fn set_transfer(&mut self, transfer: Transfer) {
        either!(self, connection => connection.set_transfer(transfer));
    }

    /// As [`Connection::security`].
    pub fn security(&self) -> Option<&Security> {
        either!(self, connection => connection.security())
    }

    /// As [`Connection::transactions`].
    pub fn transactions(&self) -> u64 {
        either!(self, connection => connection.transactions())
    }

    /// As [`Connection::quit`].
    ///
    /// # Errors
    ///
    /// As [`Connection::quit`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::quit`].
    pub async fn quit(self) -> Result<(), Lost> {
        either!(self, connection => connection.quit().await)
    }
}

macro_rules! states {
    ($($state:ident),*) => {$(
        impl From<Connection<$state>> for AnyConnection {
            fn from(connection: Connection<$state>) -> Self {
                Self::$state(connection)
            }
        }

        impl TryFrom<AnyConnection> for Connection<$state> {
            type Error = AnyConnection;

            fn try_from(any: AnyConnection) -> Result<Self, AnyConnection> {
                match any {
                    AnyConnection::$state(connection) => Ok(connection),
                    other => Err(other),
                }
            }
        }
    )*};
}

states!(Greeted, Tls, Authed);

impl From<Connection<BeforeAuth>> for AnyConnection {
    fn from(Connection { session, state }: Connection<BeforeAuth>) -> Self {
        match state.into_known() {
            Ok(state) => Self::Tls(Connection { session, state }),
            Err(state) => Self::Greeted(Connection { session, state }),
        }
    }
}

/// As [`Feeding`], of a connection whose state is known at run time.
///
/// # Cancellation
///
/// As [`Connection::feed`].
#[must_use = "nothing is sent while this future is not polled"]
#[derive(Debug)]
pub enum AnyFeeding {
    /// Without TLS.
    Greeted(Feeding<Greeted>),
    /// Inside TLS.
    Tls(Feeding<Tls>),
    /// Authenticated.
    Authed(Feeding<Authed>),
}

impl Future for AnyFeeding {
    type Output = Result<AnyConnection, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Greeted(feeding) => Pin::new(feeding).poll(cx).map_ok(AnyConnection::from),
            Self::Tls(feeding) => Pin::new(feeding).poll(cx).map_ok(AnyConnection::from),
            Self::Authed(feeding) => Pin::new(feeding).poll(cx).map_ok(AnyConnection::from),
        }
    }
}

/// As [`UntilClosed`], of a connection whose state is known at run time.
///
/// # Cancellation
///
/// As [`Connection::closed`].
#[must_use = "nothing is watched while this future is not polled"]
#[derive(Debug)]
pub enum AnyUntilClosed<'a> {
    /// Without TLS.
    Greeted(UntilClosed<'a, Greeted>),
    /// Inside TLS.
    Tls(UntilClosed<'a, Tls>),
    /// Authenticated.
    Authed(UntilClosed<'a, Authed>),
}

impl Future for AnyUntilClosed<'_> {
    type Output = Lost;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Lost> {
        match self.get_mut() {
            Self::Greeted(closed) => Pin::new(closed).poll(cx),
            Self::Tls(closed) => Pin::new(closed).poll(cx),
            Self::Authed(closed) => Pin::new(closed).poll(cx),
        }
    }
}

/// As [`Call`], of a connection whose state is known at run time.
///
/// # Cancellation
///
/// As [`Connection::send`].
#[must_use = "a command is sent when its future is awaited"]
#[derive(Debug)]
pub enum AnyCall<'a, C, R> {
    /// Without TLS.
    Greeted(Call<'a, Greeted, C, R>),
    /// Inside TLS.
    Tls(Call<'a, Tls, C, R>),
    /// Authenticated.
    Authed(Call<'a, Authed, C, R>),
}

impl<C, R> Future for AnyCall<'_, C, R> {
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Greeted(call) => Pin::new(call).poll(cx),
            Self::Tls(call) => Pin::new(call).poll(cx),
            Self::Authed(call) => Pin::new(call).poll(cx),
        }
    }
}
