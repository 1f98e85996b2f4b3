//! Certificates and private keys from PEM text.

use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsConfigError;

/// The marks of a private key that takes a passphrase: PKCS#8 (RFC 7468 §11), and the older header
/// of OpenSSL (RFC 1421 §4.6.1.1).
const ENCRYPTED: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];

/// The certificates of this text: one at least.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable("a certificate", &error))?;
    if certificates.is_empty() {
        return Err(TlsConfigError::new("the PEM text holds no certificate"));
    }
    Ok(certificates)
}

/// The only certificate of this text.
pub(super) fn certificate(pem: &[u8]) -> Result<CertificateDer<'static>, TlsConfigError> {
    let mut certificates = certificates(pem)?;
    match (certificates.pop(), certificates.len()) {
        (Some(certificate), 0) => Ok(certificate),
        (_, others) => Err(TlsConfigError::new(format!(
            "the PEM text to pin holds {} certificates: pin the server's own alone, which is the \
             first of a chain",
            others + 1,
        ))),
    }
}

/// The private key of this text: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1
/// (`EC PRIVATE KEY`).
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        if ENCRYPTED.iter().any(|mark| memchr::memmem::find(pem, mark).is_some()) {
            return TlsConfigError::new(
                "the private key is encrypted, and no passphrase can be given here: write it \
                 without one with `openssl pkcs8 -topk8 -nocrypt -in encrypted.pem -out key.pem`, \
                 and let no other user read that file",
            );
        }
        unreadable("the private key", &error)
    })
}

fn unreadable(what: &str, error: &pem::Error) -> TlsConfigError {
    TlsConfigError::new(format!("{what} cannot be read from its PEM text: {error}"))
}
