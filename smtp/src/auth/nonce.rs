//! Nonces of the client, a new one for each exchange.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::mechanism::MechanismError;

/// Bytes at random: more than the 18 that SCRAM asks for and the 8 of DIGEST-MD5, and as many as
/// leave no padding in base64, which has neither comma nor quotes.
const LENGTH: usize = 24;

/// A nonce that is printable as it is.
pub(super) fn random() -> Result<String, MechanismError> {
    bytes::<LENGTH>().map(|bytes| STANDARD.encode(bytes))
}

/// Bytes at random.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], MechanismError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| MechanismError::new(format!("no random bytes: {error}")))?;
    Ok(bytes)
}
