//! The door to what is dangerous: secrets where the server has not proved who it is.
//!
//! A [`Secret`](crate::Secret) travels in verified TLS alone, no matter who has defined the
//! command. Where the way to the server is safe by itself, such as a socket on the same machine,
//! the caller says so, for each call.

use super::call::{Call, Pending};
use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::command_exchange::CommandExchange;
use crate::proto::command::Command;
use crate::state::{Authed, ExchangeIn, ExchangeInto, Greeted, Idle, Tls, Transition, ValidIn};

impl<H: Idle> Connection<H> {
    /// Opens the door for a call that takes the connection. Its secrets can be read by every host
    /// on the way to the server.
    pub fn dangerous(self) -> Dangerous<H> {
        Dangerous(self)
    }

    /// Opens the door for a call that borrows the connection. Its secrets can be read by every host
    /// on the way to the server.
    pub fn dangerous_mut(&mut self) -> DangerousMut<'_, H> {
        DangerousMut(self)
    }
}

/// A connection for one call that may send secrets to a server that is not verified.
#[derive(Debug)]
#[must_use]
pub struct Dangerous<H: Idle>(pub(super) Connection<H>);

macro_rules! authentication_begins_in {
    ($($state:ty),*) => {$(
        impl Dangerous<$state> {
            /// Authenticates although the server is not verified, for servers that are reached in a
            /// way that is safe by itself. Every host on that way can read the password, and the
            /// mail.
            ///
            /// # Errors
            ///
            /// As [`Connection::<Tls>::authenticate`].
            ///
            /// # Cancellation
            ///
            /// Dropping the future closes the connection.
            pub fn authenticate<M: Mechanism + ?Sized>(
                self,
                mechanism: &mut M,
            ) -> Pending<'_, Result<Connection<Authed>, TransitionError<$state>>> {
                Pending::new(async move { self.0.run_authenticate(mechanism, true).await })
            }
        }
    )*};
}

// There is no second AUTH, so none in `Authed`.
authentication_begins_in!(Greeted, Tls);

impl<H: Idle> Dangerous<H> {
    /// As [`Connection::transition`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::transition`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn transition<'a, C>(
        self,
        command: C,
    ) -> Pending<'a, Result<(Connection<C::Next>, C::Reply), TransitionError<H>>>
    where
        C: Transition<H> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.0.run_transition(command, true))
    }

    /// As [`Connection::exchange_into`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::exchange_into`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn exchange_into<'a, C>(
        self,
        command: C,
        exchange: &'a mut (impl CommandExchange + ?Sized),
    ) -> Pending<'a, Result<(Connection<C::Next>, C::Reply), TransitionError<H>>>
    where
        C: ExchangeInto<H> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.0.run_exchange_into(command, exchange, true))
    }
}

/// A connection, borrowed for one call that may send secrets to a server that is not verified.
#[derive(Debug)]
#[must_use]
pub struct DangerousMut<'a, H: Idle>(&'a mut Connection<H>);

impl<'a, H: Idle> DangerousMut<'a, H> {
    /// As [`Connection::send`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`].
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn send<C, R>(self, command: C) -> Call<'a, H, C, R>
    where
        C: ValidIn<H> + Command<Reply = R>,
    {
        Call::new(self.0, command).dangerous()
    }

    /// As [`Connection::exchange`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::exchange`].
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn exchange<C>(
        self,
        command: C,
        exchange: &'a mut (impl CommandExchange + ?Sized),
    ) -> Pending<'a, Result<C::Reply, Error>>
    where
        C: ExchangeIn<H> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.0.run_exchange(command, exchange, true))
    }
}
