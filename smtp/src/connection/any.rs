//! A connection whose state is known at run time: for pools, and for fields of structs.

use std::borrow::Borrow;
use std::fmt::Debug;

use smtp_grammar::Capabilities;

use super::deliver::{Deliver, DeliverAll};
use super::typed::Connection;
use crate::error::lost::Lost;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::message::transfer::Transfer;
use crate::state::{Authed, Greeted, Security, Tls};

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
    ) -> DeliverAll<'a, 'b, M::IntoIter, R>
    where
        M: IntoIterator<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        either!(self, connection => connection.deliver_all(messages, report))
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
