//! Certificates for tests, made once by the program that tests, and dropped at its end.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate for some names, and the authority that signed it.
#[derive(Clone, Debug)]
pub struct Certificate {
    authority_pem: String,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// A certificate for these DNS names and IP addresses, from an authority of its own.
    ///
    /// # Panics
    ///
    /// When a name cannot stand in a certificate.
    pub fn new(names: &[&str]) -> Self {
        Self::made(names).expect("names that can stand in a certificate")
    }

    fn made(names: &[&str]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;

        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { authority_pem: authority.pem(), config: Arc::new(config) })
    }

    /// The authority, for clients that are to trust it.
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl Default for Certificate {
    /// A certificate for `mail.example.test`, `localhost`, `127.0.0.1` and `::1`, made once in a
    /// program: all of them are the same.
    fn default() -> Self {
        static MADE: OnceLock<Certificate> = OnceLock::new();
        let names = ["mail.example.test", "localhost", "127.0.0.1", "::1"];
        MADE.get_or_init(|| Self::new(&names)).clone()
    }
}

fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    Arc::new(provider)
}
