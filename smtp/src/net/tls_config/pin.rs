//! Servers that are known by their certificate.
//!
//! A pin replaces the path to a root, the name and the dates, as the certificate usage DANE-EE does
//! (RFC 7671 §5.1). It does not replace the proof that the server holds the key: a certificate is
//! public, and everyone can show it.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, CertificateError, DigitallySignedStruct, OtherError, SignatureScheme,
};

use super::error::TlsConfigError;
use super::fingerprint::{Fingerprint, Sha256};

/// A certificate that is trusted.
#[derive(Clone, Debug)]
pub(super) enum Pin {
    /// This one.
    Certificate(CertificateDer<'static>),
    /// The one of this fingerprint.
    CertificateHash(Fingerprint),
    /// Each one whose key (its `SubjectPublicKeyInfo`, RFC 5280 §4.1) has this fingerprint.
    KeyHash(Fingerprint),
}

/// Accepts the certificates of its pins, from a server that holds the key.
#[derive(Debug)]
pub(super) struct Pinned {
    certificates: Vec<Fingerprint>,
    keys: Vec<Fingerprint>,
    sha256: Sha256,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    pub(super) fn new(
        pins: Vec<Pin>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsConfigError> {
        let sha256 = Sha256::of(&provider)?;
        let (mut certificates, mut keys) = (Vec::new(), Vec::new());
        for pin in pins {
            match pin {
                Pin::Certificate(certificate) => {
                    ParsedCertificate::try_from(&certificate).map_err(|error| {
                        TlsConfigError::rejected("the certificate to pin", error)
                    })?;
                    certificates.extend(sha256.hash(&certificate));
                }
                Pin::CertificateHash(hash) => certificates.push(hash),
                Pin::KeyHash(hash) => keys.push(hash),
            }
        }
        Ok(Self { certificates, keys, sha256, provider })
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The key is taken from the certificate as the check of the signature takes it.
        let parsed = ParsedCertificate::try_from(certificate)?;
        let shown = self.sha256.hash(certificate);
        let key = self.sha256.hash(&parsed.subject_public_key_info());
        let is_among = |pins: &[Fingerprint], hash| {
            let same = |hash| pins.contains(&hash);
            Option::is_some_and(hash, same)
        };
        if is_among(&self.certificates, shown) || is_among(&self.keys, key) {
            return Ok(ServerCertVerified::assertion());
        }
        let (certificates, keys) = (self.certificates.clone(), self.keys.clone());
        let error = OtherError(Arc::new(NotPinned { shown, key, certificates, keys }));
        Err(CertificateError::Other(error).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The server shows another certificate than those that are pinned.
#[derive(Debug)]
pub(in crate::net) struct NotPinned {
    shown: Option<Fingerprint>,
    key: Option<Fingerprint>,
    certificates: Vec<Fingerprint>,
    keys: Vec<Fingerprint>,
}

impl Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's certificate is not the one that is pinned: ")?;
        let list = |hashes: &mut dyn Iterator<Item = &Fingerprint>| {
            hashes.map(Fingerprint::to_string).collect::<Vec<_>>().join(" or ")
        };
        let mut separator = "";
        for (name, pins, came) in [
            ("the certificate", &self.certificates, self.shown),
            ("its public key", &self.keys, self.key),
        ] {
            if !pins.is_empty() {
                let (came, pins) = (list(&mut came.iter()), list(&mut pins.iter()));
                write!(f, "{separator}SHA-256 of {name} is {came}, and not {pins}")?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

impl Error for NotPinned {}
