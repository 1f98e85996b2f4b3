//! The messages of both sides, by the grammar of RFC 5802 §7.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::prepare::saslprep;
use crate::auth::binding::name;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// ```text
/// client-first-message      = gs2-header client-first-message-bare
/// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
/// ```
pub(super) struct ClientFirst {
    pub(super) header: String,
    pub(super) bare: String,
    nonce: String,
}

/// ```text
/// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
/// ```
pub(super) struct ServerFirst {
    pub(super) nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl ClientFirst {
    pub(super) fn new(header: String, user: &str, nonce: String) -> Result<Self, MechanismError> {
        let user = saslprep(user.as_bytes())
            .map_err(|why| MechanismError::new(format!("the user name {why}")))?;
        let bare = format!("n={},r={nonce}", name(&user)?);
        Ok(Self { header, bare, nonce })
    }

    pub(super) fn message(&self) -> Secret {
        Secret::concat(&[self.header.as_bytes(), self.bare.as_bytes()])
    }

    /// Reads the server's answer, which has fixed attributes in a fixed order; those that follow
    /// them are extensions, and may be ignored.
    pub(super) fn read(
        &self,
        text: &[u8],
        allowed: &RangeInclusive<u32>,
    ) -> Result<ServerFirst, MechanismError> {
        let text = std::str::from_utf8(text).map_err(|_| unreadable())?;
        if text.starts_with("m=") {
            return Err(MechanismError::untrusted(
                "it demands an extension of SCRAM, of which there is none",
            ));
        }
        let mut attributes = text.split(',');
        let mut next = |name: &str| {
            let attribute = attributes.next().and_then(|attribute| attribute.strip_prefix(name));
            attribute.ok_or_else(unreadable)
        };
        let nonce = next("r=")?.to_owned();
        let salt = STANDARD.decode(next("s=")?).map_err(|_| unreadable())?;
        let iterations = next("i=")?;
        if nonce.strip_prefix(&*self.nonce).is_none_or(str::is_empty) {
            return Err(MechanismError::untrusted(
                "its nonce does not begin with the client's and go on: it may be an attacker's",
            ));
        }
        if salt.is_empty() {
            return Err(unreadable());
        }
        let iterations = read_iterations(iterations, allowed)?;
        Ok(ServerFirst { nonce, salt, iterations })
    }
}

/// `posit-number = %x31-39 *DIGIT`
fn read_iterations(text: &str, allowed: &RangeInclusive<u32>) -> Result<u32, MechanismError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return Err(unreadable());
    }
    match text.parse::<u32>() {
        Ok(iterations) if allowed.contains(&iterations) => Ok(iterations),
        Ok(iterations) if iterations < *allowed.start() => Err(MechanismError::untrusted(format!(
            "it asks for {iterations} iterations, which protect the password less than \
             the {} that are the least: lower the limit with `iterations` if you must",
            allowed.start()
        ))),
        _ => Err(MechanismError::untrusted(format!(
            "it asks for more iterations than the limit of {}: raise it with `iterations`",
            allowed.end()
        ))),
    }
}

/// ```text
/// server-final-message = (server-error / verifier) ["," extensions]
/// ```
pub(super) fn read_final(text: &[u8]) -> Result<Vec<u8>, MechanismError> {
    let text = std::str::from_utf8(text).map_err(|_| unreadable())?;
    let attribute = text.split(',').next().unwrap_or_default();
    if let Some(reason) = attribute.strip_prefix("e=") {
        let reason: String = reason.escape_default().take(100).collect();
        return Err(MechanismError::new(format!("the server says: {reason}")));
    }
    let verifier = attribute.strip_prefix("v=").ok_or_else(unreadable)?;
    STANDARD.decode(verifier).map_err(|_| unreadable())
}

fn unreadable() -> MechanismError {
    MechanismError::untrusted("its challenge is none of SCRAM (RFC 5802 §7)")
}
