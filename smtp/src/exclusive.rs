//! A value that only its owner touches, in a type that any thread may hold.

use std::fmt::{self, Debug};
use std::sync::{Mutex, PoisonError};

/// A value that is reached through `&mut` alone, and so may be held where `Sync` is asked for
/// although the value is not: what cannot be reached through `&` cannot be shared.
///
/// Boxed streams, sources and timers of callers stand in one, so that a connection and the errors
/// that carry a message are `Sync` without asking callers for it.
pub(crate) struct Exclusive<T>(Mutex<T>);

impl<T> Exclusive<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// The value. Nothing is locked for it.
    #[inline]
    pub(crate) fn get(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Debug for Exclusive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exclusive(..)")
    }
}
