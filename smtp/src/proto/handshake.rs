//! Why a TLS handshake failed, sorted by what can be done about it.
//!
//! The kinds know nothing of the library that speaks TLS: its error is the source.

use std::error::Error;
use std::fmt::{self, Display};

/// Why a TLS handshake failed, and what to do. The error of rustls is its
/// [`source`](Error::source), where it is rustls that has failed it.
#[derive(Debug)]
pub struct HandshakeError(Box<Failed>);

/// In a box, as every result that may be an error is as large as the largest one.
#[derive(Debug)]
struct Failed {
    kind: HandshakeErrorKind,
    reason: String,
    source: Box<dyn Error + Send + Sync>,
    certificate: Option<Box<[u8]>>,
}

/// The kind of a [`HandshakeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeErrorKind {
    /// The client spoke TLS from the first byte, and the server answered in clear: it is a port
    /// for STARTTLS, or for no TLS at all.
    ClearText,
    /// The server offers no version of TLS that the client takes: none from 1.2 on, unless the
    /// caller's own configuration of rustls says otherwise.
    Version,
    /// The two have no cipher suite, key exchange or signature algorithm in common.
    NothingInCommon,
    /// No authority that is trusted has issued the server's certificate.
    UnknownIssuer,
    /// The certificate that the server uses as its own is an authority's (`CA:TRUE`).
    AuthorityCertificate,
    /// The server's certificate is not the one that is pinned.
    NotPinned,
    /// The server's certificate is for other names.
    WrongName,
    /// A certificate is no longer valid.
    Expired,
    /// A certificate is not valid yet.
    NotYetValid,
    /// A certificate was revoked.
    Revoked,
    /// The server's certificate is not accepted for any other reason.
    BadCertificate,
    /// The server wants a client certificate, or does not accept the one that it got.
    ClientCertificate,
    /// Any other reason.
    Other,
}

impl HandshakeError {
    pub(crate) fn new(
        kind: HandshakeErrorKind,
        reason: String,
        source: Box<dyn Error + Send + Sync>,
    ) -> Self {
        Self(Box::new(Failed { kind, reason, source, certificate: None }))
    }

    pub(crate) fn with_certificate(mut self, certificate: Option<Box<[u8]>>) -> Self {
        self.0.certificate = certificate;
        self
    }

    /// Its kind.
    pub fn kind(&self) -> HandshakeErrorKind {
        self.0.kind
    }

    /// The server's own certificate, DER, where it is the reason and the library has verified it
    /// itself, not a configuration of rustls that the caller made.
    /// [`CertificateFields`](crate::state::CertificateFields) reads it.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.0.certificate.as_deref()
    }
}

impl Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0.source)
    }
}
