//! The calls between transactions: in `Greeted`, `Tls` and `Authed` alike.

use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::command::Mail;
use crate::state::{Authed, Greeted, Idle, InTransaction, Tls};

macro_rules! transactions_begin_in {
    ($($state:ty),*) => {$(
        impl Connection<$state> {
            /// Opens a transaction (RFC 5321 §3.3).
            ///
            /// # Errors
            ///
            /// [`TransitionError::Refused`] with the connection as it was, or
            /// [`TransitionError::Lost`].
            ///
            /// # Cancellation
            ///
            /// Dropping the future closes the connection.
            pub async fn mail(
                self,
                mail: Mail,
            ) -> Result<Connection<InTransaction<$state>>, TransitionError<$state>> {
                self.transition(mail).await.map(|(connection, _)| connection)
            }

            /// Says EHLO again. Some servers offer more after AUTH.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`] when the server refuses it, and then its earlier offer still
            /// holds; [`Error::Lost`] when the connection is gone.
            ///
            /// # Cancellation
            ///
            /// A future that was polled and is dropped before it is done interrupts the connection.
            pub async fn ehlo(&mut self) -> Result<(), Error> {
                self.run_hello().await
            }
        }
    )*};
}

// One impl for each state, not one for all: an error then says in which states there is a `mail`,
// and that a session of LMTP has no EHLO.
transactions_begin_in!(Greeted, Tls, Authed);

impl<H: Idle> Connection<H> {
    /// Says EHLO again, or LHLO.
    pub(super) async fn run_hello(&mut self) -> Result<(), Error> {
        self.session.driver.begin_call()?;
        let secure = self.security().is_some();
        let answer = self.session.hello(secure).await?;
        self.session.driver.end_call();
        self.state.set_capabilities(answer?);
        Ok(())
    }
}
