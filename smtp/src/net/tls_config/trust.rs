//! The verifiers of servers.

use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{self, RootCertStore};

use super::accept_any::AcceptsAnyCertificate;
use super::error::TlsConfigError;
use crate::state::Verification;

/// Whom a configuration trusts.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) accept_any: bool,
}

impl Trust {
    /// The verifier of servers, and how it verifies.
    pub(super) fn verifier(
        self,
        provider: Arc<CryptoProvider>,
    ) -> Result<(Arc<dyn ServerCertVerifier>, Verification), TlsConfigError> {
        if self.accept_any {
            return Ok((Arc::new(AcceptsAnyCertificate(provider)), Verification::Unverified));
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(self.roots)?), provider);
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
