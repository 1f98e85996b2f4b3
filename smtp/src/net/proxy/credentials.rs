//! The credentials of a client at a proxy.

use crate::secret::Secret;

/// A user and a password. The password is wiped with it.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Secret,
}
