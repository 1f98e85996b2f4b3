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
use crate::state::{Authed, BeforeAuth, Greeted, Lmtp, Security, Tls, ValidIn};

/// A connection between transactions, in one of its states: those of SMTP, and those of LMTP.
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
    /// LMTP, without TLS.
    LmtpGreeted(Connection<Lmtp<Greeted>>),
    /// LMTP, inside TLS.
    LmtpTls(Connection<Lmtp<Tls>>),
    /// LMTP, authenticated.
    LmtpAuthed(Connection<Lmtp<Authed>>),
}

macro_rules! each {
    ($self:expr, $connection:ident => $call:expr) => {
        match $self {
            AnyConnection::Greeted($connection) => $call,
            AnyConnection::Tls($connection) => $call,
            AnyConnection::Authed($connection) => $call,
            AnyConnection::LmtpGreeted($connection) => $call,
            AnyConnection::LmtpTls($connection) => $call,
            AnyConnection::LmtpAuthed($connection) => $call,
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
        each!(self, connection => connection.capabilities())
    }

    /// As [`Connection::security`].
    pub fn security(&self) -> Option<&Security> {
        each!(self, connection => connection.security())
    }

    /// As [`Connection::transactions`].
    pub fn transactions(&self) -> u64 {
        each!(self, connection => connection.transactions())
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
        each!(self, connection => connection.deliver(envelope, body))
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
        each!(self, connection => connection.deliver_all(messages, report))
    }

    /// As [`Connection::feed`].
    pub fn feed(self) -> (Feed, AnyFeeding) {
        each!(self, connection => {
            let (feed, feeding) = connection.feed();
            (feed, feeding.into())
        })
    }

    /// As [`Connection::send`], of a command that may be sent in all these states.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`].
    pub fn send<C, R>(&mut self, command: C) -> Result<R, Error>
    where
        C: Command<Reply = R>
            + ValidIn<Greeted>
            + ValidIn<Tls>
            + ValidIn<Authed>
            + ValidIn<Lmtp<Greeted>>
            + ValidIn<Lmtp<Tls>>
            + ValidIn<Lmtp<Authed>>,
    {
        each!(self, connection => connection.send(command))
    }

    /// As [`Connection::set_transfer`].
    pub fn set_transfer(&mut self, transfer: Transfer) {
        each!(self, connection => connection.set_transfer(transfer));
    }

    /// As [`Connection::is_open`].
    pub fn is_open(&mut self) -> bool {
        each!(self, connection => connection.is_open())
    }

    /// As [`Connection::closed`].
    pub fn closed(&mut self) -> Lost {
        each!(self, connection => connection.closed())
    }

    /// As [`Connection::quit`].
    ///
    /// # Errors
    ///
    /// As [`Connection::quit`].
    pub fn quit(self) -> Result<(), Lost> {
        each!(self, connection => connection.quit())
    }
}

macro_rules! states {
    ($($variant:ident: $state:ty;)*) => {
        $(
            impl From<Connection<$state>> for AnyConnection {
                fn from(connection: Connection<$state>) -> Self {
                    Self::$variant(connection)
                }
            }

            impl TryFrom<AnyConnection> for Connection<$state> {
                type Error = AnyConnection;

                fn try_from(any: AnyConnection) -> Result<Self, AnyConnection> {
                    match any {
                        AnyConnection::$variant(connection) => Ok(connection),
                        other => Err(other),
                    }
                }
            }

            impl From<Feeding<$state>> for AnyFeeding {
                fn from(feeding: Feeding<$state>) -> Self {
                    Self::$variant(feeding)
                }
            }
        )*

        impl IntoBlocking for connection::AnyConnection {
            type Blocking = AnyConnection;

            fn into_blocking(self, runtime: Kept) -> AnyConnection {
                match self {
                    $(Self::$variant(connection) => connection.into_blocking(runtime).into(),)*
                }
            }
        }
    };
}

states! {
    Greeted: Greeted;
    Tls: Tls;
    Authed: Authed;
    LmtpGreeted: Lmtp<Greeted>;
    LmtpTls: Lmtp<Tls>;
    LmtpAuthed: Lmtp<Authed>;
}

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
    /// LMTP, without TLS.
    LmtpGreeted(Feeding<Lmtp<Greeted>>),
    /// LMTP, inside TLS.
    LmtpTls(Feeding<Lmtp<Tls>>),
    /// LMTP, authenticated.
    LmtpAuthed(Feeding<Lmtp<Authed>>),
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
            Self::LmtpGreeted(feeding) => feeding.wait().map(AnyConnection::from),
            Self::LmtpTls(feeding) => feeding.wait().map(AnyConnection::from),
            Self::LmtpAuthed(feeding) => feeding.wait().map(AnyConnection::from),
        }
    }
}
