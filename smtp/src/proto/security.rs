//! The facts of TLS: what a handshake has established, as plain data.
//!
//! They outlive the handshake in the session, without a type of the TLS library, because mechanisms
//! look at them, receipts repeat them, and callers show them to an operator.

use std::fmt::{self, Debug};
use std::sync::Arc;

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

    /// Whether that is enough for a message that must travel inside TLS: a chain of certificates
    /// for the server's name, or a pin (RFC 8689 §4.2.1). The rules of a configuration of the
    /// caller's are not known: one that follows these says so by another variant.
    pub(crate) fn proves_name(self) -> bool {
        matches!(self, Self::Roots | Self::Platform | Self::Pinned)
    }
}

/// The certificates that a server showed: DER, its own first, in the server's order (RFC 8446
/// §4.4.2). A clone shares them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PeerCertificates(Arc<[Box<[u8]>]>);

impl PeerCertificates {
    /// The server's own certificate, DER. [`CertificateFields`](crate::state::CertificateFields) reads
    /// it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_must_travel_inside_tls_needs_a_name_that_is_proved() {
        let table = [
            (Verification::Roots, true),
            (Verification::Platform, true),
            (Verification::Pinned, true),
            (Verification::Custom, false),
            (Verification::Unverified, false),
        ];
        for (verification, proves) in table {
            assert_eq!(verification.proves_name(), proves, "{verification:?}");
        }
    }

    #[test]
    fn certificates_show_their_sizes() {
        let certificates: PeerCertificates = [vec![0; 812], vec![0; 500]].into_iter().collect();
        assert_eq!(format!("{certificates:?}"), "PeerCertificates(812 bytes, 500 bytes)");
        assert_eq!(certificates.leaf().map(<[u8]>::len), Some(812));
        assert_eq!(PeerCertificates::default().leaf(), None);
    }
}
