//! Sessions that a pool can keep: connections between transactions.

use std::future::Future;
use std::net::SocketAddr;

use smtp::command::Noop;
use smtp::connection::{AnyConnection, AnyFeeding, Feed, FeedProgress, Feeding};
use smtp::extension::ServerLimits;
use smtp::grammar::Capabilities;
use smtp::state::Idle;
use smtp::{Connection, Error, Lost};

/// A session that a pool can keep: a [`Connection`] between transactions, in any state, or an
/// [`AnyConnection`].
///
/// Sealed.
#[diagnostic::on_unimplemented(
    message = "a pool cannot keep a `{Self}`",
    label = "is no connection between transactions",
    note = "a pool keeps `Connection<S>` in the states `Greeted`, `Tls`, `Authed` and those of LMTP, and `AnyConnection`"
)]
pub trait Session: sealed::Session {}

impl<S: sealed::Session> Session for S {}

pub(crate) mod sealed {
    use super::{Capabilities, Error, Feed, FeedProgress, Future, Lost, ServerLimits, SocketAddr};

    pub trait Session: Send + Sized + 'static {
        type Feeding: Future<Output = Result<Self, Lost>> + Send + Unpin + 'static;

        fn into_feed(self) -> (Feed, Self::Feeding);
        fn looks_open(&mut self) -> bool;
        fn say_noop(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
        fn say_quit(self) -> impl Future<Output = ()> + Send;
        fn offers(&self) -> &Capabilities;
        fn begun(&self) -> u64;
        fn peer(&self) -> Option<SocketAddr>;
        fn progress(feeding: &Self::Feeding) -> FeedProgress;

        /// How many more messages the server takes over it (MAILMAX of RFC 9422).
        fn messages_left(&self) -> u64 {
            let limits = self.offers().get::<ServerLimits>().unwrap_or_default();
            limits.mail.map_or(u64::MAX, |most| u64::from(most).saturating_sub(self.begun()))
        }
    }
}

macro_rules! sessions {
    ($([$($generics:tt)*] $session:ty, $feeding:ty;)*) => {$(
        impl $($generics)* sealed::Session for $session {
            type Feeding = $feeding;

            fn into_feed(self) -> (Feed, Self::Feeding) {
                self.feed()
            }

            fn looks_open(&mut self) -> bool {
                self.is_open()
            }

            async fn say_noop(&mut self) -> Result<(), Error> {
                self.send(Noop).await.map(drop)
            }

            async fn say_quit(self) {
                // The session is over in any case.
                let _ = self.quit().await;
            }

            fn offers(&self) -> &Capabilities {
                self.capabilities()
            }

            fn begun(&self) -> u64 {
                self.transactions()
            }

            fn peer(&self) -> Option<SocketAddr> {
                self.peer_address()
            }

            fn progress(feeding: &Self::Feeding) -> FeedProgress {
                feeding.progress()
            }
        }
    )*};
}

sessions! {
    [<H: Idle + Send + 'static>] Connection<H>, Feeding<H>;
    [] AnyConnection, AnyFeeding;
}
