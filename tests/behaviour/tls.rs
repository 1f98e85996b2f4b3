//! TLS: whom to trust, and which certificate to show, against servers of rustls.

mod keys;
mod matrix;
mod pins;
mod resumption;
mod trust;

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair};
use smtp::{Connection, Error, Lost, Server, TlsConfig};
use tests::server;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig, SupportedProtocolVersion};

/// The server that all of them are asked for.
pub(super) const NAME: &str = "mail.example.test";

pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key()).expect("an authority")
}

pub(super) fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

pub(super) fn named(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).expect("a name")
}

/// A certificate in PEM, and a server that shows it.
pub(super) struct Shown {
    pub(super) pem: String,
    pub(super) config: ServerConfig,
}

pub(super) fn shows(certificate: &rcgen::Certificate, key: &KeyPair) -> Shown {
    let config = ServerConfig::builder().with_no_client_auth();
    Shown { pem: certificate.pem(), config: with_certificate(config, certificate, key) }
}

pub(super) fn with_certificate(
    config: rustls::ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
    certificate: &rcgen::Certificate,
    key: &KeyPair,
) -> ServerConfig {
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    config.with_single_cert(chain, key).expect("a certificate and its key")
}

pub(super) fn signed(params: &CertificateParams, by: &Issuer<'_, KeyPair>) -> Shown {
    let key = key();
    shows(&params.signed_by(&key, by).expect("signed"), &key)
}

pub(super) fn self_signed(params: &CertificateParams) -> Shown {
    let key = key();
    shows(&params.self_signed(&key).expect("signed"), &key)
}

pub(super) fn trusting(pem: &str) -> TlsConfig {
    TlsConfig::builder().root_pem(pem).build().expect("a root")
}

/// A session with a server of this configuration.
pub(super) async fn connect(
    config: ServerConfig,
    tls: &TlsConfig,
    to: &Server,
) -> Result<Connection<smtp::state::Tls>, Error> {
    let (client, stream) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        // A handshake that fails is told by the client.
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.ok()?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.write_all(b"220 mail.example.test\r\n").await.ok()?;
        stream.read_line(&mut line).await.ok()?;
        stream.write_all(b"250 mail.example.test\r\n").await.ok()?;
        stream.read_to_string(&mut line).await.ok()
    });
    Connection::from_tls_stream(client, to, tls).await
}

pub(super) async fn failure(config: ServerConfig, tls: &TlsConfig) -> Lost {
    match connect(config, tls, &server()).await {
        Err(Error::Lost(lost)) => lost,
        other => panic!("the handshake should have failed: {other:?}"),
    }
}

/// A server that takes clients of this authority, and the authority that it is of itself.
pub(super) fn wants_a_client_certificate(clients: &Authority) -> (ServerConfig, Authority) {
    let root = authority("private");
    let mut trusted = RootCertStore::empty();
    trusted.add(clients.der().clone()).expect("an authority");
    let verifier = WebPkiClientVerifier::builder(Arc::new(trusted)).build().expect("a verifier");
    let server_key = key();
    let certificate = named(NAME).signed_by(&server_key, &root).expect("signed");
    let config = ServerConfig::builder().with_client_cert_verifier(verifier);
    (with_certificate(config, &certificate, &server_key), root)
}

/// A server that speaks this version of TLS alone.
pub(super) fn of_version(
    version: &'static SupportedProtocolVersion,
    certificate: &rcgen::Certificate,
    key: &KeyPair,
) -> ServerConfig {
    let config = ServerConfig::builder_with_protocol_versions(&[version]).with_no_client_auth();
    with_certificate(config, certificate, key)
}

/// A server that shows this certificate, and signs with another key.
pub(super) fn without_key(
    version: &'static SupportedProtocolVersion,
    certificate: &rcgen::Certificate,
) -> ServerConfig {
    shows_der(vec![CertificateDer::from(certificate.der().to_vec())], version)
}

fn shows_der(
    chain: Vec<CertificateDer<'static>>,
    version: &'static SupportedProtocolVersion,
) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key().serialize_der()).expect("a key");
    let key = any_supported_type(&key).expect("a key");
    let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    ServerConfig::builder_with_protocol_versions(&[version])
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown))
}

/// X.509 version 3, and 2.
pub(super) const EARLIER: (&[u8], &[u8]) =
    (&[0xa0, 0x03, 0x02, 0x01, 0x02], &[0xa0, 0x03, 0x02, 0x01, 0x01]);
/// `ecdsa-with-SHA256`, and -SHA224, which rustls does not know.
pub(super) const UNKNOWN: (&[u8], &[u8]) = (
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01],
);

/// A server whose certificate has these bytes in place of those, and a client that trusts its
/// authority. The signature is then wrong, but is not looked at before the rest.
pub(super) fn patched(from: &[u8], to: &[u8]) -> (ServerConfig, TlsConfig) {
    let (root, key) = (authority("private"), key());
    let mut der = named(NAME).signed_by(&key, &root).expect("signed").der().to_vec();
    let places: Vec<_> = (0..der.len()).filter(|&at| der[at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "there is nothing to patch");
    for at in places {
        der[at..at + to.len()].copy_from_slice(to);
    }
    (shows_der(vec![der.into()], &TLS13), trusting(&root.pem()))
}
