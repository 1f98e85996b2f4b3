//! The result of an asynchronous call, as the blocking one returns it.

use smtp_grammar::Reply;

use super::reactor::Reactor;
use crate::any_error::Error;
use crate::connect::CheckReport;
use crate::error::lost::Lost;

/// A result of an asynchronous call, which the same blocking call returns with blocking connections
/// in it.
///
/// Sealed.
pub trait IntoBlocking: sealed::Sealed {
    /// The same result of the blocking call.
    type Blocking;

    #[doc(hidden)]
    fn into_blocking(self, runtime: Kept) -> Self::Blocking;
}

/// The runtime that the connections of a result go on with.
#[derive(Debug)]
pub struct Kept(pub(super) Reactor);

impl<T: IntoBlocking, E: IntoBlocking> IntoBlocking for Result<T, E> {
    type Blocking = Result<T::Blocking, E::Blocking>;

    fn into_blocking(self, runtime: Kept) -> Self::Blocking {
        match self {
            Ok(value) => Ok(value.into_blocking(runtime)),
            Err(error) => Err(error.into_blocking(runtime)),
        }
    }
}

/// A connection, and what else the call gives.
impl<T: IntoBlocking, R> IntoBlocking for (T, R) {
    type Blocking = (T::Blocking, R);

    fn into_blocking(self, runtime: Kept) -> Self::Blocking {
        (self.0.into_blocking(runtime), self.1)
    }
}

macro_rules! without_connection {
    ($($type:ty),*) => {$(
        impl IntoBlocking for $type {
            type Blocking = Self;

            fn into_blocking(self, _: Kept) -> Self {
                self
            }
        }

        impl sealed::Sealed for $type {}
    )*};
}

without_connection!((), CheckReport, Error, Lost, Reply);

impl<T: IntoBlocking, E: IntoBlocking> sealed::Sealed for Result<T, E> {}
impl<T: IntoBlocking, R> sealed::Sealed for (T, R) {}

pub(super) mod sealed {
    #[allow(unnameable_types, reason = "no caller implements it")]
    pub trait Sealed {}
}
