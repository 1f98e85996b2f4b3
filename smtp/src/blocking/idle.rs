//! The calls between transactions: whole messages, groups of commands, and the door named
//! `dangerous`.

use std::borrow::Borrow;
use std::future::IntoFuture;

use super::convert::IntoBlocking;
use super::dangerous::{Dangerous, DangerousMut};
use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::command::Mail;
use crate::connection::pipeline::Pipeline;
use crate::connection::{self, Stopped};
use crate::error::lost::Lost;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::message::transfer::Transfer;
use crate::state::{Authed, Greeted, Idle, InTransaction, Tls};

impl<H: Idle> Connection<H> {
    /// Delivers a message: MAIL, a RCPT for each recipient, the content, as
    /// [`Connection::deliver`](crate::Connection::deliver).
    ///
    /// Bodies that are read while they are sent: [`Body::blocking_reader`] and
    /// [`Body::blocking_file`].
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver`](crate::Connection::deliver).
    pub fn deliver<'b>(
        &mut self,
        envelope: &Envelope,
        body: impl Into<Body<'b>>,
    ) -> Result<Receipt, DeliverError> {
        self.call(|connection| connection.deliver(envelope, body))
    }

    /// Delivers messages one after the other over this connection, and hands each result to
    /// `report` with the message's index, as soon as it is known:
    /// [`Connection::deliver_all`](crate::Connection::deliver_all).
    ///
    /// While the iterator makes a message nothing is sent or read. Where messages come slowly, or
    /// from several threads, use a [feed](Self::feed).
    ///
    /// # Errors
    ///
    /// [`Lost`] when the connection is gone.
    pub fn deliver_all<'b, M, E, B, R>(&mut self, messages: M, report: R) -> Result<Stopped, Lost>
    where
        M: IntoIterator<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        self.call(|connection| connection.deliver_all(messages, report))
    }

    /// Sets how messages travel from now on.
    pub fn set_transfer(&mut self, transfer: Transfer) {
        self.inner.set_transfer(transfer);
    }

    /// Sends a [group of commands](crate::pipeline) in one flight. `build` adds the commands, in an
    /// order that the compiler checks:
    ///
    /// ```no_run
    /// use smtp::blocking::Connection;
    /// use smtp::command::{Mail, Rcpt};
    /// use smtp::state::Authed;
    ///
    /// fn send(authed: Connection<Authed>, from: Mail, to: Rcpt) -> Result<(), smtp::Error> {
    ///     let (authed, (_, rcpt, message)) =
    ///         authed.pipeline(|group| group.mail(from).rcpt(to).data("Subject: Hello\r\n\r\n"));
    ///     println!("RCPT: {rcpt}. The message: {}", message.end);
    ///     authed?.quit()?;
    ///     Ok(())
    /// }
    /// ```
    pub fn pipeline<'a, G, C, O>(
        self,
        build: impl FnOnce(Pipeline<'a, H, ()>) -> G,
    ) -> (C::Blocking, O)
    where
        G: IntoFuture<Output = (C, O)>,
        C: IntoBlocking,
    {
        self.take(|connection| build(connection.pipeline()))
    }

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

macro_rules! transactions_begin_in {
    ($($state:ty),*) => {$(
        impl Connection<$state> {
            /// Opens a transaction (RFC 5321 §3.3).
            ///
            /// # Errors
            ///
            /// [`TransitionError::Refused`] with the connection as it was, or
            /// [`TransitionError::Lost`].
            pub fn mail(
                self,
                mail: Mail,
            ) -> Result<Connection<InTransaction<$state>>, TransitionError<$state>> {
                self.take(|connection| connection.mail(mail))
            }

            /// Says EHLO again. Some servers offer more after AUTH.
            ///
            /// # Errors
            ///
            /// As that of the [asynchronous connection](crate::Connection).
            pub fn ehlo(&mut self) -> Result<(), Error> {
                self.call(connection::Connection::<$state>::ehlo)
            }
        }
    )*};
}

// One impl for each state, not one for all: an error then says in which states there is a `mail`.
transactions_begin_in!(Greeted, Tls, Authed);
