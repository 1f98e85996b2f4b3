//! The settings of a configuration of TLS.

use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};

use super::config::TlsConfig;
use super::error::TlsConfigError;
use super::fingerprint::Fingerprint;
use super::pem;
use super::pin::Pin;
use super::provider::provider;
use super::recording::Recording;
use super::trust::Trust;
use super::version::TlsVersion;

impl TlsConfig {
    /// Verifies servers as the features say.
    ///
    /// With `platform-verifier`, which is on by default, as the operating system does: with its
    /// verifier on Windows, macOS, iOS and Android, and by its roots elsewhere. Without it, by the
    /// roots of the operating system (`native-roots`), Mozilla's (`webpki-roots`), or both.
    ///
    /// # Errors
    ///
    /// When there is no root to trust.
    pub fn new() -> Result<Self, TlsConfigError> {
        Self::builder().build()
    }

    /// The one of all connections that name none: made once for the process, so that they resume
    /// each other's sessions, and read no roots again.
    pub(crate) fn shared() -> Result<Self, TlsConfigError> {
        static SHARED: OnceLock<TlsConfig> = OnceLock::new();
        if let Some(shared) = SHARED.get() {
            return Ok(shared.clone());
        }
        let made = Self::new()?;
        Ok(SHARED.get_or_init(|| made).clone())
    }

    /// Begins a configuration.
    pub fn builder() -> TlsConfigBuilder {
        TlsConfigBuilder::default()
    }
}

/// Builds a [`TlsConfig`].
#[derive(Debug, Default)]
#[must_use]
pub struct TlsConfigBuilder {
    trust: Trust,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    min_version: Option<TlsVersion>,
    error: Option<TlsConfigError>,
}

impl TlsConfigBuilder {
    /// Trusts the certificates of this PEM text as roots, and no roots that are not named.
    pub fn root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        match pem::certificates(pem.as_ref()) {
            Ok(certificates) => self.trust.roots.extend(certificates),
            Err(error) => self.failed(error),
        }
        self
    }

    /// Trusts the roots of the operating system, read from its files or stores, in place of its
    /// verifier, and no roots that are not named.
    #[cfg(feature = "native-roots")]
    pub fn native_roots(mut self) -> Self {
        self.trust.native = true;
        self
    }

    /// Trusts the roots of Mozilla, which were compiled in, and no roots that are not named.
    #[cfg(feature = "webpki-roots")]
    pub fn webpki_roots(mut self) -> Self {
        self.trust.webpki = true;
        self
    }

    /// Trusts exactly this certificate, the only one of this PEM text: a self-signed one, an
    /// authority's own (`CA:TRUE`), one that expired, or one for another name. Called once more, it
    /// trusts a second one too, for the days in which a server changes its certificate.
    ///
    /// A pin replaces the path to a root, the name and the dates, as DANE-EE does (RFC 7671 §5.1).
    /// It does not replace the proof in the handshake that the server holds the key. A session with
    /// it is a verified one: [`Verification::Pinned`](crate::state::Verification::Pinned). No roots
    /// and no acceptance of any certificate go with it.
    pub fn pin_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        match pem::certificate(pem.as_ref()) {
            Ok(certificate) => self.trust.pins.push(Pin::Certificate(certificate)),
            Err(error) => self.failed(error),
        }
        self
    }

    /// As [`pin_certificate_pem`](Self::pin_certificate_pem), by the SHA-256 of the certificate:
    /// hexadecimal digits, with or without colons, or base64. `openssl x509 -noout -fingerprint
    /// -sha256 -in cert.pem` prints it.
    pub fn pin_certificate_sha256(mut self, sha256: impl AsRef<str>) -> Self {
        match Fingerprint::parse(sha256.as_ref()) {
            Ok(hash) => self.trust.pins.push(Pin::CertificateHash(hash)),
            Err(error) => self.failed(error),
        }
        self
    }

    /// As [`pin_certificate_sha256`](Self::pin_certificate_sha256), by the SHA-256 of the
    /// certificate's public key (its `SubjectPublicKeyInfo`, as in TLSA records `3 1 1`), which
    /// stays the same where a certificate is renewed with its key. `openssl x509 -noout -pubkey -in
    /// cert.pem | openssl pkey -pubin -outform der | openssl dgst -sha256` prints it.
    pub fn pin_key_sha256(mut self, sha256: impl AsRef<str>) -> Self {
        match Fingerprint::parse(sha256.as_ref()) {
            Ok(hash) => self.trust.pins.push(Pin::KeyHash(hash)),
            Err(error) => self.failed(error),
        }
        self
    }

    /// Shows this certificate to servers that ask for one: its chain, leaf first, and its private
    /// key, each as PEM text. They may be the same text, of a file that holds both.
    ///
    /// The key is in PKCS#8 (`PRIVATE KEY`, RFC 5958), PKCS#1 (`RSA PRIVATE KEY`, RFC 8017) or SEC1
    /// (`EC PRIVATE KEY`, RFC 5915). One that is encrypted cannot be read.
    pub fn client_certificate_pem(
        mut self,
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Self {
        match (pem::certificates(chain.as_ref()), pem::private_key(key.as_ref())) {
            (Ok(chain), Ok(key)) => self.identity = Some((chain, key)),
            (Err(error), _) | (_, Err(error)) => self.failed(error),
        }
        self
    }

    /// Speaks this version of TLS and later ones: TLS 1.2 where nothing is said.
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min_version = Some(version);
        self
    }

    /// Opens the door to a configuration that does not verify servers.
    pub fn dangerous(self) -> DangerousTlsConfig {
        DangerousTlsConfig(self)
    }

    /// Makes the configuration.
    ///
    /// # Errors
    ///
    /// When a PEM text or a fingerprint cannot be read, a private key is encrypted or does not fit
    /// its certificate, the settings contradict each other, or there is no root to trust.
    pub fn build(self) -> Result<TlsConfig, TlsConfigError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let provider = provider();
        let min_version = self.min_version.unwrap_or(TlsVersion::Tls12);
        let (verifier, verification) = self.trust.verifier(Arc::clone(&provider))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(min_version))
            .map_err(|error| TlsConfigError::rejected("the protocol versions", error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Recording(verifier)));
        let config = match self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| TlsConfigError::rejected("the client certificate", error))?,
            None => builder.with_no_client_auth(),
        };
        Ok(TlsConfig::new_with(config, verification, min_version))
    }

    /// Keeps the first error for the end.
    fn failed(&mut self, error: TlsConfigError) {
        self.error.get_or_insert(error);
    }
}

/// A configuration of TLS for one setting that gives up what TLS is for.
#[derive(Debug)]
#[must_use]
pub struct DangerousTlsConfig(TlsConfigBuilder);

impl DangerousTlsConfig {
    /// Takes any peer that answers for the server, with whatever certificate. The session is then
    /// not a verified one ([`Verification::Unverified`](crate::state::Verification::Unverified)),
    /// and no secret travels in it but through
    /// [`Connection::dangerous`](crate::Connection::dangerous).
    ///
    /// To trust one server whose certificate no root vouches for,
    /// [pin](TlsConfigBuilder::pin_certificate_pem) it.
    pub fn accept_any_certificate(self) -> TlsConfigBuilder {
        let Self(mut builder) = self;
        builder.trust.accept_any = true;
        builder
    }
}

/// This version and later ones.
fn versions(min: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    match min {
        TlsVersion::Tls12 => vec![&TLS13, &TLS12],
        TlsVersion::Tls13 => vec![&TLS13],
    }
}
