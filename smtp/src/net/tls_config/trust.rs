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

/// Whom a configuration trusts.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) pins: Vec<Pin>,
    pub(super) accept_any: bool,
}

impl Trust {
    /// The verifier of servers, and how it verifies.
    pub(super) fn verifier(
        self,
        provider: Arc<CryptoProvider>,
    ) -> Result<(Arc<dyn ServerCertVerifier>, Verification), TlsConfigError> {
        if !self.pins.is_empty() && (self.accept_any || !self.roots.is_empty()) {
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
        let roots = Arc::new(roots(self.roots)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider);
        let verifier = verifier.build().map_err(|error| {
            TlsConfigError::rejected("the roots", rustls::Error::General(error.to_string()))
        })?;
        Ok((verifier, Verification::Roots))
    }
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
        store
            .add(certificate)
            .map_err(|error| TlsConfigError::rejected("a root certificate", error))?;
    }
    if store.is_empty() {
        return Err(TlsConfigError::new(
            "there is no root certificate to trust: install the system's certificates, enable the \
             feature `webpki-roots`, or name a root",
        ));
    }
    Ok(store)
}
