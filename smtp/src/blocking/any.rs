//! A connection whose state is known at run time: for pools, and for fields of structs.

use std::borrow::Borrow;

use smtp_grammar::Capabilities;

use super::convert::{IntoBlocking, Kept, sealed::Sealed};
use super::feed::{Feed, Feeding};
use super::typed::{Connection, open};
use crate::any_error::Error;
use crate::connect::{OpportunisticTls, Server};
use crate::connection::{self, Stopped};
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
/// another. One in the state [`BeforeAuth`] is put in as `Greeted` or `Tls`.
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
    /// Connects, and goes on inside TLS if the server offers it and lets it begin, else in clear, as
    /// [`AnyConnection::connect_opportunistic`](connection::AnyConnection::connect_opportunistic).
    ///
    /// # Errors
    ///
    /// As [`AnyConnection::connect_opportunistic`](connection::AnyConnection::connect_opportunistic).
    pub fn connect_opportunistic(server: &Server, tls: &OpportunisticTls) -> Result<Self, Error> {
        open(connection::AnyConnection::connect_opportunistic(server, tls))
    }

    /// The capabilities that the server offers in its state.
    pub fn capabilities(&self) -> &Capabilities {
        either!(self, connection => connection.capabilities())
    }

    /// As [`Connection::security`].
    pub fn security(&self) -> Option<&Security> {
        either!(self, connection => connection.security())
    }

    /// As [`Connection::transactions`].
    pub fn transactions(&self) -> u64 {
        either!(self, connection => connection.transactions())
    }

    /// As [`Connection::deliver`].
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver`].
    pub fn deliver<'b>(
        &mut self,
        envelope: &Envelope,
        body: impl Into<Body<'b>>,
    ) -> Result<Receipt, DeliverError> {
        either!(self, connection => connection.deliver(envelope, body))
    }

    /// As [`Connection::deliver_all`].
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver_all`].
    pub fn deliver_all<'b, M, E, B, R>(&mut self, messages: M, report: R) -> Result<Stopped, Lost>
    where
        M: IntoIterator<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        either!(self, connection => connection.deliver_all(messages, report))
    }

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
    pub fn send<C, R>(&mut self, command: C) -> Result<R, Error>
    where
        C: ValidIn<Greeted> + ValidIn<Tls> + ValidIn<Authed> + Command<Reply = R>,
    {
        either!(self, connection => connection.send(command))
    }

    /// As [`Connection::set_transfer`].
    pub fn set_transfer(&mut self, transfer: Transfer) {
        either!(self, connection => connection.set_transfer(transfer));
    }

    /// As [`Connection::is_open`].
    pub fn is_open(&mut self) -> bool {
        either!(self, connection => connection.is_open())
    }

    /// As [`Connection::closed`].
    pub fn closed(&mut self) -> Lost {
        either!(self, connection => connection.closed())
    }

    /// As [`Connection::quit`].
    ///
    /// # Errors
    ///
    /// As [`Connection::quit`].
    pub fn quit(self) -> Result<(), Lost> {
        either!(self, connection => connection.quit())
    }
}

macro_rules! states {
    ($($state:ident),*) => {
        $(
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
        )*

        impl IntoBlocking for connection::AnyConnection {
            type Blocking = AnyConnection;

            fn into_blocking(self, runtime: Kept) -> AnyConnection {
                match self {
                    $(Self::$state(connection) => connection.into_blocking(runtime).into(),)*
                }
            }
        }
    };
}

states!(Greeted, Tls, Authed);

impl From<Connection<BeforeAuth>> for AnyConnection {
    fn from(Connection { inner, reactor }: Connection<BeforeAuth>) -> Self {
        connection::AnyConnection::from(inner).into_blocking(Kept(reactor))
    }
}

impl Sealed for connection::AnyConnection {}

/// As [`Feeding`], of a connection whose state is known at run time.
#[must_use = "dropping it closes the connection"]
#[derive(Debug)]
pub enum AnyFeeding {
    /// Without TLS.
    Greeted(Feeding<Greeted>),
    /// Inside TLS.
    Tls(Feeding<Tls>),
    /// Authenticated.
    Authed(Feeding<Authed>),
}

impl AnyFeeding {
    /// As [`Feeding::wait`].
    ///
    /// # Errors
    ///
    /// As [`Feeding::wait`].
    pub fn wait(self) -> Result<AnyConnection, Lost> {
        match self {
            Self::Greeted(feeding) => feeding.wait().map(AnyConnection::from),
            Self::Tls(feeding) => feeding.wait().map(AnyConnection::from),
            Self::Authed(feeding) => feeding.wait().map(AnyConnection::from),
        }
    }
}
