//! A connection whose state is known at run time: for pools, and for fields of structs.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use smtp_grammar::Capabilities;

use super::call::Call;
#[cfg(feature = "stream")]
use super::deliver::DeliverStream;
use super::deliver::{Deliver, DeliverAll};
use super::feed::{Feed, Feeding};
use super::feed_progress::FeedProgress;
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
use crate::state::{Authed, BeforeAuth, Greeted, Lmtp, Security, Tls, ValidIn};

/// A connection between transactions, in one of its states: those of SMTP, and those of LMTP.
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
    /// LMTP, without TLS.
    LmtpGreeted(Connection<Lmtp<Greeted>>),
    /// LMTP, inside TLS.
    LmtpTls(Connection<Lmtp<Tls>>),
    /// LMTP, authenticated.
    LmtpAuthed(Connection<Lmtp<Authed>>),
}

/// The same expression for the connection, or the future, of each state.
macro_rules! each {
    ($of:ident, $self:expr, $inner:ident => $call:expr) => {
        match $self {
            $of::Greeted($inner) => $call,
            $of::Tls($inner) => $call,
            $of::Authed($inner) => $call,
            $of::LmtpGreeted($inner) => $call,
            $of::LmtpTls($inner) => $call,
            $of::LmtpAuthed($inner) => $call,
        }
    };
}

/// The same, with the result in the variant of that state.
macro_rules! each_into {
    ($into:ident, $self:expr, $connection:ident => $call:expr) => {
        match $self {
            AnyConnection::Greeted($connection) => $into::Greeted($call),
            AnyConnection::Tls($connection) => $into::Tls($call),
            AnyConnection::Authed($connection) => $into::Authed($call),
            AnyConnection::LmtpGreeted($connection) => $into::LmtpGreeted($call),
            AnyConnection::LmtpTls($connection) => $into::LmtpTls($call),
            AnyConnection::LmtpAuthed($connection) => $into::LmtpAuthed($call),
        }
    };
}

impl AnyConnection {
    /// The capabilities that the server offers in its state.
    pub fn capabilities(&self) -> &Capabilities {
        each!(AnyConnection, self, connection => connection.capabilities())
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
        each!(AnyConnection, self, connection => connection.deliver(envelope, body))
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
        each!(AnyConnection, self, connection => connection.deliver_all(messages, report))
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
        each!(AnyConnection, self, connection => connection.deliver_stream(messages, report))
    }

    /// As [`Connection::feed`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::feed`].
    pub fn feed(self) -> (Feed, AnyFeeding) {
        each!(AnyConnection, self, connection => {
            let (feed, feeding) = connection.feed();
            (feed, feeding.into())
        })
    }

    /// As [`Connection::send`], of a command that may be sent in all these states.
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
        C: Command<Reply = R>
            + ValidIn<Greeted>
            + ValidIn<Tls>
            + ValidIn<Authed>
            + ValidIn<Lmtp<Greeted>>
            + ValidIn<Lmtp<Tls>>
            + ValidIn<Lmtp<Authed>>,
    {
        each_into!(AnyCall, self, connection => connection.send(command))
    }

    /// As [`Connection::is_open`].
    pub fn is_open(&mut self) -> bool {
        each!(AnyConnection, self, connection => connection.is_open())
    }

    /// As [`Connection::closed`].
    ///
    /// # Cancellation
    ///
    /// As [`Connection::closed`].
    pub fn closed(&mut self) -> AnyUntilClosed<'_> {
        each_into!(AnyUntilClosed, self, connection => connection.closed())
    }

    /// As [`Connection::set_transfer`].
    pub fn set_transfer(&mut self, transfer: Transfer) {
        each!(AnyConnection, self, connection => connection.set_transfer(transfer));
    }

    /// As [`Connection::security`].
    pub fn security(&self) -> Option<&Security> {
        each!(AnyConnection, self, connection => connection.security())
    }

    /// As [`Connection::peer_address`].
    pub fn peer_address(&self) -> Option<SocketAddr> {
        each!(AnyConnection, self, connection => connection.peer_address())
    }

    /// As [`Connection::transactions`].
    pub fn transactions(&self) -> u64 {
        each!(AnyConnection, self, connection => connection.transactions())
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
        each!(AnyConnection, self, connection => connection.quit().await)
    }
}

macro_rules! states {
    ($($variant:ident: $state:ty;)*) => {$(
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
    )*};
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
    /// LMTP, without TLS.
    LmtpGreeted(Feeding<Lmtp<Greeted>>),
    /// LMTP, inside TLS.
    LmtpTls(Feeding<Lmtp<Tls>>),
    /// LMTP, authenticated.
    LmtpAuthed(Feeding<Lmtp<Authed>>),
}

impl AnyFeeding {
    /// As [`Feeding::progress`].
    pub fn progress(&self) -> FeedProgress {
        each!(Self, self, feeding => feeding.progress())
    }
}

impl Future for AnyFeeding {
    type Output = Result<AnyConnection, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        each!(Self, self.get_mut(), feeding => Pin::new(feeding).poll(cx).map_ok(AnyConnection::from))
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
    /// LMTP, without TLS.
    LmtpGreeted(UntilClosed<'a, Lmtp<Greeted>>),
    /// LMTP, inside TLS.
    LmtpTls(UntilClosed<'a, Lmtp<Tls>>),
    /// LMTP, authenticated.
    LmtpAuthed(UntilClosed<'a, Lmtp<Authed>>),
}

impl Future for AnyUntilClosed<'_> {
    type Output = Lost;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Lost> {
        each!(Self, self.get_mut(), closed => Pin::new(closed).poll(cx))
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
    /// LMTP, without TLS.
    LmtpGreeted(Call<'a, Lmtp<Greeted>, C, R>),
    /// LMTP, inside TLS.
    LmtpTls(Call<'a, Lmtp<Tls>, C, R>),
    /// LMTP, authenticated.
    LmtpAuthed(Call<'a, Lmtp<Authed>, C, R>),
}

impl<C, R> Future for AnyCall<'_, C, R> {
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        each!(Self, self.get_mut(), call => Pin::new(call).poll(cx))
    }
}
