//! Values that are the same in clones alone: credentials, and what cannot be compared.

use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Stands for credentials: made with them, shared by the clones of their submission, and equal to no
/// others. It knows nothing of a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialId(ById<()>);

impl CredentialId {
    /// Equal to no other.
    pub(super) fn unique() -> Self {
        Self(ById(Arc::new(())))
    }
}

impl Debug for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialId").finish_non_exhaustive()
    }
}

/// A shared value that is equal to its clones alone.
pub(super) struct ById<T: ?Sized>(pub(super) Arc<T>);

impl<T: ?Sized> ById<T> {
    /// Two values in use are never at one address, because each has counters before it.
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>().addr()
    }
}

impl<T: ?Sized> Clone for ById<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for ById<T> {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl<T: ?Sized> Eq for ById<T> {}

impl<T: ?Sized> Hash for ById<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}
