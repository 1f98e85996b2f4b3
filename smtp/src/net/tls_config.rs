//! Whom to trust, and which certificate to show.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use tokio_rustls::rustls::{self, ClientConfig};

use crate::state::Verification;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use builder::TlsConfigBuilder;

/// How TLS is spoken: trusted roots, client certificate, verification.
///
/// Cheap to clone, and meant to be made once: what rustls remembers of a server shortens the next
/// handshake.
#[derive(Clone)]
pub struct TlsConfig {
    config: Arc<ClientConfig>,
    verification: Verification,
}

impl TlsConfig {
    /// A configuration of rustls, for what this type cannot say. It must verify servers:
    /// the library takes a session under it for a verified one.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        Self { config, verification: Verification::Custom }
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// How servers are verified.
    pub(crate) fn verification(&self) -> Verification {
        self.verification
    }
}

impl Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig")
            .field("verification", &self.verification)
            .finish_non_exhaustive()
    }
}

/// Why a TLS configuration cannot be made.
#[derive(Debug)]
pub struct TlsConfigError {
    reason: String,
    source: Option<rustls::Error>,
}

impl TlsConfigError {
    /// The crate was built without a provider of cryptography.
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    pub(crate) fn no_provider() -> Self {
        Self {
            reason: "no TLS configuration was given and none can be made: enable the feature \
                     `aws-lc-rs` or `ring`"
                .to_owned(),
            source: None,
        }
    }
}

impl Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for TlsConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod builder {
    use std::sync::Arc;

    use tokio_rustls::rustls::client::danger::{
        HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
    };
    use tokio_rustls::rustls::crypto::{
        CryptoProvider, verify_tls12_signature, verify_tls13_signature,
    };
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
    use tokio_rustls::rustls::{
        self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    };

    use super::{TlsConfig, TlsConfigError, Verification};

    impl TlsConfig {
        /// Trusts the roots of the operating system, or those that were compiled in, as the
        /// features `native-roots` and `webpki-roots` say.
        ///
        /// # Errors
        ///
        /// When there are none.
        pub fn new() -> Result<Self, TlsConfigError> {
            Self::builder().build()
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
        roots: Vec<CertificateDer<'static>>,
        identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
        accept_any: bool,
        error: Option<TlsConfigError>,
    }

    impl TlsConfigBuilder {
        /// Trusts the certificates of this PEM text, and no others.
        pub fn root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
            match certificates(pem.as_ref()) {
                Ok(certificates) => self.roots.extend(certificates),
                Err(error) => self.error = self.error.or(Some(error)),
            }
            self
        }

        /// Shows this certificate to servers that ask for one: its chain, leaf first, and its
        /// private key, each as PEM text.
        pub fn client_certificate_pem(
            mut self,
            chain: impl AsRef<[u8]>,
            key: impl AsRef<[u8]>,
        ) -> Self {
            let key = PrivateKeyDer::from_pem_slice(key.as_ref())
                .map_err(|error| unreadable("the private key", &error));
            match (certificates(chain.as_ref()), key) {
                (Ok(chain), Ok(key)) => self.identity = Some((chain, key)),
                (Err(error), _) | (_, Err(error)) => self.error = self.error.or(Some(error)),
            }
            self
        }

        /// Takes any peer that answers for the server. The session is then not a verified one, and
        /// no secret travels in it but through
        /// [`Connection::dangerous`](crate::Connection::dangerous).
        pub fn dangerous_accept_any_certificate(mut self) -> Self {
            self.accept_any = true;
            self
        }

        /// Makes the configuration.
        ///
        /// # Errors
        ///
        /// When a PEM text cannot be read, a key does not fit its certificate, or there is no root
        /// to trust.
        pub fn build(self) -> Result<TlsConfig, TlsConfigError> {
            if let Some(error) = self.error {
                return Err(error);
            }
            let provider = provider();
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| rejected("the protocol versions", error))?;
            let builder = if self.accept_any {
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(AcceptsAnyCertificate(provider)))
            } else {
                builder.with_root_certificates(roots(self.roots)?)
            };
            let config = match self.identity {
                Some((chain, key)) => builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| rejected("the client certificate", error))?,
                None => builder.with_no_client_auth(),
            };
            let verification =
                if self.accept_any { Verification::Unverified } else { Verification::Roots };
            Ok(TlsConfig { config: Arc::new(config), verification })
        }
    }

    /// The provider that the features name. None is ever installed for the whole process.
    fn provider() -> Arc<CryptoProvider> {
        #[cfg(feature = "aws-lc-rs")]
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        #[cfg(not(feature = "aws-lc-rs"))]
        let provider = rustls::crypto::ring::default_provider();
        Arc::new(provider)
    }

    fn roots(given: Vec<CertificateDer<'static>>) -> Result<RootCertStore, TlsConfigError> {
        let mut store = RootCertStore::empty();
        if given.is_empty() {
            #[cfg(feature = "native-roots")]
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            #[cfg(feature = "webpki-roots")]
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for certificate in given {
            store.add(certificate).map_err(|error| rejected("a root certificate", error))?;
        }
        if store.is_empty() {
            return Err(TlsConfigError {
                reason: "there is no root certificate to trust: install the system's \
                         certificates, enable the feature `webpki-roots`, or name a root"
                    .to_owned(),
                source: None,
            });
        }
        Ok(store)
    }

    fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
        let certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable("a certificate", &error))?;
        if certificates.is_empty() {
            return Err(TlsConfigError {
                reason: "the PEM text holds no certificate".to_owned(),
                source: None,
            });
        }
        Ok(certificates)
    }

    fn unreadable(what: &str, error: &rustls::pki_types::pem::Error) -> TlsConfigError {
        TlsConfigError {
            reason: format!("{what} cannot be read from its PEM text: {error}"),
            source: None,
        }
    }

    fn rejected(what: &str, error: rustls::Error) -> TlsConfigError {
        TlsConfigError { reason: format!("{what} cannot be used: {error}"), source: Some(error) }
    }

    /// Accepts every certificate, but still checks that the server holds its key.
    #[derive(Debug)]
    struct AcceptsAnyCertificate(Arc<CryptoProvider>);

    impl ServerCertVerifier for AcceptsAnyCertificate {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls12_signature(message, certificate, signature, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls13_signature(message, certificate, signature, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
