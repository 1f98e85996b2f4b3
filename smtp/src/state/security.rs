//! The facts of TLS: what a handshake has established, as plain data.
//!
//! They outlive the handshake in the state, without a type of the TLS library, because mechanisms
//! bind an authentication to them and callers show them to an operator.

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The facts of TLS in a session. A clone shares the certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// Whether the server has proved that it is the one that was asked for. It is false only where
    /// the caller switched verification off.
    pub verified: bool,
    /// By what the server was verified.
    pub verification: Verification,
    /// The protocol version, such as `TLSv1_3`.
    pub protocol: String,
    /// The cipher suite, such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher_suite: String,
    /// Whether the handshake resumed an earlier session with the same server, instead of a full
    /// one. The certificates are then those that the server showed in that session.
    pub resumed: bool,
    /// The certificates that the server showed.
    pub peer_certificates: PeerCertificates,
}

impl Security {
    /// The facts of a handshake.
    pub(crate) fn new(
        verification: Verification,
        protocol: String,
        cipher_suite: String,
        resumed: bool,
        peer_certificates: PeerCertificates,
    ) -> Self {
        let verified = verification.is_verified();
        Self { verified, verification, protocol, cipher_suite, resumed, peer_certificates }
    }
}

/// How the server has proved that it is the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verification {
    /// Its chain of certificates ends at a root that is trusted, and is for the server's name
    /// (RFC 9525).
    Roots,
    /// The operating system has accepted its chain of certificates for the server's name, by roots
    /// and rules of its own.
    Platform,
    /// Its certificate, or the key of it, is the one that the caller has named, and it holds that
    /// key. Neither its name nor its dates were looked at (RFC 7671 §5.1).
    Pinned,
    /// The caller's own configuration of rustls has accepted it, by its own rules.
    Custom,
    /// Not at all: the caller switched verification off.
    Unverified,
}

impl Verification {
    /// Whether the server has proved it.
    pub fn is_verified(self) -> bool {
        !matches!(self, Self::Unverified)
    }
}

/// The certificates that a server showed: DER, its own first, in the server's order (RFC 8446
/// §4.4.2). A clone shares them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PeerCertificates(Arc<[Box<[u8]>]>);

impl PeerCertificates {
    /// The server's own certificate, DER.
    pub fn leaf(&self) -> Option<&[u8]> {
        self.0.first().map(|der| &**der)
    }

    /// All of them, DER, the server's own first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.0.iter().map(|der| &**der)
    }
}

impl<T: Into<Box<[u8]>>> FromIterator<T> for PeerCertificates {
    fn from_iter<I: IntoIterator<Item = T>>(certificates: I) -> Self {
        Self(certificates.into_iter().map(Into::into).collect())
    }
}

impl Debug for PeerCertificates {
    /// The sizes: DER is nothing that a person can read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.iter().map(|der| format!("{} bytes", der.len()));
        write!(f, "PeerCertificates({})", sizes.collect::<Vec<_>>().join(", "))
    }
}

/// The channel binding `tls-exporter` of a connection (RFC 9266): 32 bytes that both ends of a TLS
/// connection can compute, and no attacker between them.
///
/// They are taken once. RFC 9266 §4.1 has them used by one instance of a mechanism only, so a
/// connection gives them to the first that asks, and a second authentication that needs them needs
/// another connection. A clone is the same exporter.
#[derive(Clone)]
pub struct Exporter(Option<Arc<Mutex<Value>>>);

enum Value {
    Available(Secret),
    Taken,
}

impl Exporter {
    /// The exporter of a connection that has this value. Connections make their own; this is for
    /// the tests of a mechanism.
    pub fn new(value: Secret) -> Self {
        Self(Some(Arc::new(Mutex::new(Value::Available(value)))))
    }

    /// No value: there is no TLS, or none that is known to bind its value to this connection.
    pub(crate) const fn unavailable() -> Self {
        Self(None)
    }

    /// That of all connections without TLS.
    pub(crate) fn none() -> &'static Self {
        static NONE: Exporter = Exporter::unavailable();
        &NONE
    }

    /// Whether the connection has a value, also when it was taken already.
    pub(crate) fn is_supported(&self) -> bool {
        self.0.is_some()
    }

    /// Looks whether the value can be taken.
    #[cfg(any(feature = "scram", feature = "gssapi"))]
    pub(crate) fn check(&self) -> Result<(), MechanismError> {
        match *self.lock()? {
            Value::Available(_) => Ok(()),
            Value::Taken => Err(taken()),
        }
    }

    /// Takes the value. A clone has none then, either.
    ///
    /// # Errors
    ///
    /// When the connection has none, or an earlier authentication has taken it: then it takes a new
    /// connection.
    pub fn take(&self) -> Result<Secret, MechanismError> {
        match std::mem::replace(&mut *self.lock()?, Value::Taken) {
            Value::Available(secret) => Ok(secret),
            Value::Taken => Err(taken()),
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, Value>, MechanismError> {
        match &self.0 {
            Some(value) => Ok(value.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Err(MechanismError::new(
                "the connection has no channel binding `tls-exporter`: that takes TLS 1.3, or TLS \
                 1.2 in a configuration that requires the extended master secret",
            )),
        }
    }
}

fn taken() -> MechanismError {
    MechanismError::new(
        "the channel binding of this connection was used by an earlier authentication, and may be \
         used once (RFC 9266 §4.1): open a new connection",
    )
}

impl Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.lock().as_deref() {
            Err(_) => "Exporter(unavailable)",
            Ok(Value::Available(_)) => "Exporter(<redacted>)",
            Ok(Value::Taken) => "Exporter(taken)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exporter_is_taken_once() {
        let exporter = Exporter::new(Secret::from("bind me"));
        assert_eq!(format!("{exporter:?}"), "Exporter(<redacted>)");
        assert_eq!(exporter.take().expect("the first").expose(), b"bind me");
        assert_eq!(format!("{exporter:?}"), "Exporter(taken)");
        let error = exporter.take().expect_err("the second");
        assert!(error.to_string().contains("open a new connection"), "{error}");
        assert!(exporter.is_supported(), "taken is not the same as never there");
    }

    #[test]
    fn an_exporter_that_is_not_there_stays_so() {
        let exporter = Exporter::unavailable();
        for _ in 0..2 {
            let error = exporter.take().expect_err("nothing to take");
            assert!(error.to_string().contains("TLS 1.3"), "{error}");
            assert!(!exporter.is_supported());
        }
        assert_eq!(format!("{exporter:?}"), "Exporter(unavailable)");
    }

    #[test]
    fn certificates_show_their_sizes() {
        let certificates: PeerCertificates = [vec![0; 812], vec![0; 500]].into_iter().collect();
        assert_eq!(format!("{certificates:?}"), "PeerCertificates(812 bytes, 500 bytes)");
        assert_eq!(certificates.leaf().map(<[u8]>::len), Some(812));
        assert_eq!(PeerCertificates::default().leaf(), None);
    }
}
