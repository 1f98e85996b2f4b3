//! A verifier that keeps the certificates that it refuses.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, DigitallySignedStruct, DistinguishedName, SignatureScheme};

use super::refused;

/// Verifies as another does, and keeps the certificate that it refuses.
#[derive(Debug)]
pub(super) struct Recording(pub(super) Arc<dyn ServerCertVerifier>);

impl Recording {
    fn record<T>(
        certificate: &CertificateDer<'_>,
        result: Result<T, rustls::Error>,
    ) -> Result<T, rustls::Error> {
        result.inspect_err(|_| refused::record(certificate))
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let result = self.0.verify_server_cert(certificate, intermediates, name, ocsp, now);
        Self::record(certificate, result)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let result = self.0.verify_tls12_signature(message, certificate, signature);
        Self::record(certificate, result)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let result = self.0.verify_tls13_signature(message, certificate, signature);
        Self::record(certificate, result)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.0.root_hint_subjects()
    }
}
