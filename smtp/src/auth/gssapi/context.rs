//! A security context of the GSS-API, as far as the mechanisms use it (RFC 2743 §1.1.3).
//!
//! The trait stands between the messages of SASL and the system's library, so that the messages are
//! tested without Kerberos.

use std::sync::Arc;

use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// A context of the client's. Its calls block, and may take as long as a time-out of the network.
pub(super) trait SecurityContext: Send {
    /// Takes the server's token, none at first, and gives the client's next one. It is empty where
    /// there is nothing to say.
    fn step(
        &mut self,
        token: Option<&[u8]>,
        bindings: Option<&[u8]>,
    ) -> Result<Secret, MechanismError>;

    /// Whether no token of the server is due any more.
    fn is_established(&self) -> bool;

    /// Whether the server has proved who it is.
    fn is_mutual(&self) -> Result<bool, MechanismError>;

    /// Checks a message of the server's, and gives its content.
    fn unwrap(&mut self, message: &[u8]) -> Result<Vec<u8>, MechanismError>;

    /// Protects the integrity of a message for the server. It is not encrypted.
    fn wrap(&mut self, message: &[u8]) -> Result<Secret, MechanismError>;
}

/// The mechanism inside of the GSS-API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inner {
    Kerberos,
    /// One that both sides negotiate (RFC 4178).
    Spnego,
}

/// Makes a context for a service, `smtp@host`. It may block.
pub(super) type Open =
    Arc<dyn Fn(Inner, &str) -> Result<Box<dyn SecurityContext>, MechanismError> + Send + Sync>;
