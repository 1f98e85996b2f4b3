//! The door to what is dangerous: secrets where the server has not proved who it is.

use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::command_exchange::CommandExchange;
use crate::proto::command::Command;
use crate::state::{Authed, ExchangeIn, ExchangeInto, Greeted, Idle, Tls, Transition, ValidIn};

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
            pub fn authenticate<M: Mechanism + ?Sized>(
                self,
                mechanism: &mut M,
            ) -> Result<Connection<Authed>, TransitionError<$state>> {
                self.0.take(|connection| connection.dangerous().authenticate(mechanism))
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
    pub fn transition<C>(
        self,
        command: C,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<H>>
    where
        C: Transition<H> + Send,
        C::Reply: Send,
    {
        self.0.take(|connection| connection.dangerous().transition(command))
    }

    /// As [`Connection::exchange_into`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::exchange_into`].
    pub fn exchange_into<C>(
        self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<H>>
    where
        C: ExchangeInto<H> + Send,
        C::Reply: Send,
    {
        self.0.take(|connection| connection.dangerous().exchange_into(command, exchange))
    }
}

/// A connection, borrowed for one call that may send secrets to a server that is not verified.
#[derive(Debug)]
#[must_use]
pub struct DangerousMut<'a, H: Idle>(pub(super) &'a mut Connection<H>);

impl<H: Idle> DangerousMut<'_, H> {
    /// As [`Connection::send`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`].
    pub fn send<C, R>(self, command: C) -> Result<R, Error>
    where
        C: ValidIn<H> + Command<Reply = R>,
    {
        self.0.call(|connection| connection.dangerous_mut().send(command))
    }

    /// As [`Connection::exchange`], with secrets that every host on the way can read.
    ///
    /// # Errors
    ///
    /// As [`Connection::exchange`].
    pub fn exchange<C>(
        self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
    ) -> Result<C::Reply, Error>
    where
        C: ExchangeIn<H> + Send,
        C::Reply: Send,
    {
        self.0.call(|connection| connection.dangerous_mut().exchange(command, exchange))
    }
}
