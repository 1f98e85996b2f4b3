//! A connection whose state is known at run time: for pools, and for fields of structs.

use std::fmt::Debug;

use smtp_grammar::Capabilities;

use super::{Connection, Envelope};
use crate::body::Body;
use crate::error::{DeliverError, Lost};
use crate::receipt::Receipt;
use crate::state::{Authed, Greeted, Tls};

/// A connection between transactions, in one of its three states.
///
/// `From` puts a connection in, `TryFrom` takes it out, and gives it back when its state is
/// another. There is no variant for a transaction: one that is under way belongs to whoever began
/// it.
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
    /// What the server offers.
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
    pub async fn deliver(
        &mut self,
        envelope: &Envelope,
        body: impl Into<Body<'_>>,
    ) -> Result<Receipt, DeliverError> {
        either!(self, connection => connection.deliver(envelope, body).await)
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
    pub async fn deliver_all<'b, B: Into<Body<'b>>>(
        &mut self,
        messages: impl IntoIterator<Item = (Envelope, B)>,
        report: impl FnMut(usize, Result<Receipt, DeliverError>),
    ) -> Result<(), Lost> {
        either!(self, connection => connection.deliver_all(messages, report).await)
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
