//! The verifiers of servers.

use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{self, RootCertStore};

use super::accept_any::AcceptsAnyCertificate;
use super::error::TlsConfigError;
use super::pin::{Pin, Pinned};
use crate::state::Verification;

type Verifier = Arc<dyn ServerCertVerifier>;

/// Whom a configuration trusts.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pub(super) roots: Vec<CertificateDer<'static>>,
    /// Roots of the operating system, read as files.
    #[cfg(feature = "native-roots")]
    pub(super) native: bool,
    /// Mozilla's roots.
    #[cfg(feature = "webpki-roots")]
    pub(super) webpki: bool,
    pub(super) pins: Vec<Pin>,
    pub(super) accept_any: bool,
}

impl Trust {
    /// The verifier of servers, and how it verifies.
    pub(super) fn verifier(
        self,
        provider: Arc<CryptoProvider>,
    ) -> Result<(Verifier, Verification), TlsConfigError> {
        let names_roots = self.names_roots();
        if !self.pins.is_empty() && (self.accept_any || names_roots) {
            return Err(TlsConfigError::new(
                "a certificate is pinned, which trusts nothing else, and a root or any certificate \
                 is to be trusted too: leave out the one or the other",
            ));
        }
        if self.accept_any {
            return Ok((Arc::new(AcceptsAnyCertificate(provider)), Verification::Unverified));
        }
        if !self.pins.is_empty() {
            return Ok((Arc::new(Pinned::new(self.pins, provider)?), Verification::Pinned));
        }
        if names_roots {
            return Ok((of_roots(self.named_roots()?, provider)?, Verification::Roots));
        }
        by_default(provider)
    }

    /// Whether the caller has said which roots to trust.
    fn names_roots(&self) -> bool {
        #[allow(unused_mut)]
        let mut named = !self.roots.is_empty();
        #[cfg(feature = "native-roots")]
        {
            named |= self.native;
        }
        #[cfg(feature = "webpki-roots")]
        {
            named |= self.webpki;
        }
        named
    }

    fn named_roots(self) -> Result<RootCertStore, TlsConfigError> {
        let mut store = RootCertStore::empty();
        #[cfg(feature = "native-roots")]
        if self.native {
            add_native(&mut store);
        }
        #[cfg(feature = "webpki-roots")]
        if self.webpki {
            add_webpki(&mut store);
        }
        for certificate in self.roots {
            store
                .add(certificate)
                .map_err(|error| TlsConfigError::rejected("a root certificate", error))?;
        }
        Ok(store)
    }
}

/// The operating system's own verifier.
#[cfg(feature = "platform-verifier")]
fn by_default(provider: Arc<CryptoProvider>) -> Result<(Verifier, Verification), TlsConfigError> {
    match rustls_platform_verifier::Verifier::new(provider) {
        Ok(verifier) => Ok((Arc::new(verifier), Verification::Platform)),
        // Where the system has files of roots, and none is there.
        Err(rustls::Error::General(_)) => Err(no_roots()),
        Err(error) => Err(TlsConfigError::rejected("the verifier of the system", error)),
    }
}

/// All roots of the features.
#[cfg(not(feature = "platform-verifier"))]
fn by_default(provider: Arc<CryptoProvider>) -> Result<(Verifier, Verification), TlsConfigError> {
    #[allow(unused_mut)]
    let mut store = RootCertStore::empty();
    #[cfg(feature = "native-roots")]
    add_native(&mut store);
    #[cfg(feature = "webpki-roots")]
    add_webpki(&mut store);
    Ok((of_roots(store, provider)?, Verification::Roots))
}

#[cfg(feature = "native-roots")]
fn add_native(store: &mut RootCertStore) {
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
}

#[cfg(feature = "webpki-roots")]
fn add_webpki(store: &mut RootCertStore) {
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
}

fn of_roots(
    store: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, TlsConfigError> {
    if store.is_empty() {
        return Err(no_roots());
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
    match verifier.build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => {
            Err(TlsConfigError::rejected("the roots", rustls::Error::General(error.to_string())))
        }
    }
}

fn no_roots() -> TlsConfigError {
    TlsConfigError::new(
        "there is no root certificate to trust: install the system's certificates, name a root \
         with `TlsConfig::builder().root_pem(..)`, or trust Mozilla's with `webpki_roots()` and the \
         feature `webpki-roots`",
    )
}

#[cfg(all(test, feature = "platform-verifier", feature = "webpki-roots"))]
mod tests {
    use super::super::provider::provider;
    use super::*;

    #[test]
    fn roots_that_are_named_go_before_the_platform() {
        let by_default = Trust::default().verifier(provider());
        assert!(matches!(by_default, Ok((_, Verification::Platform)) | Err(_)), "{by_default:?}");
        let named = Trust { webpki: true, ..Trust::default() };
        assert!(named.names_roots());
        let (_, verification) = named.verifier(provider()).expect("Mozilla's");
        assert_eq!(verification, Verification::Roots);
    }
}
