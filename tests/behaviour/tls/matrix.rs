//! Certificates that are accepted and those that are not, each in a handshake of TLS 1.2 and of
//! TLS 1.3. The names of a certificate are in `starttls.rs`, the words of each error in
//! `diagnosis/certificates.rs`.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, NameConstraints, SanType, date_time_ymd,
};
use smtp::error::HandshakeErrorKind as Kind;
use smtp::{Connection, Server};
use tests::server;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

use super::{
    Authority, EARLIER, NAME, UNKNOWN, authority, connect, failure, key, named, of_version,
    patched, trusting,
};

fn with(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = named(NAME);
    change(&mut params);
    params
}

/// Certificates of an authority that is trusted.
fn issued() -> Vec<(&'static str, CertificateParams, Option<Kind>)> {
    let nameless = || CertificateParams::new(Vec::new()).expect("no names");
    vec![
        ("as it should be", named(NAME), None),
        ("expired", with(|p| p.not_after = date_time_ymd(2020, 2, 29)), Some(Kind::Expired)),
        ("too early", with(|p| p.not_before = date_time_ymd(3000, 1, 1)), Some(Kind::NotYetValid)),
        ("another name", named("other.example.test"), Some(Kind::WrongName)),
        (
            "a CN alone",
            {
                let mut params = nameless();
                params.distinguished_name.push(DnType::CommonName, NAME);
                params
            },
            Some(Kind::WrongName),
        ),
        ("no name", nameless(), Some(Kind::WrongName)),
        ("a wildcard", named("*.example.test"), None),
        ("a wildcard of a level more", named("*.mail.example.test"), Some(Kind::WrongName)),
        ("a wildcard of a level less", named("*.test"), Some(Kind::WrongName)),
        ("a wildcard alone", named("*"), Some(Kind::WrongName)),
        ("a part of a label", named("m*.example.test"), Some(Kind::WrongName)),
        (
            "for clients",
            with(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            Some(Kind::BadCertificate),
        ),
        (
            "an authority",
            with(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            Some(Kind::AuthorityCertificate),
        ),
        ("CA:FALSE", with(|p| p.is_ca = IsCa::ExplicitNoCa), None),
    ]
}

#[tokio::test]
async fn certificates_of_a_trusted_authority() {
    let root = authority("private");
    for (name, params, kind) in issued() {
        for version in [&TLS12, &TLS13] {
            let key = key();
            let certificate = params.signed_by(&key, &root).expect("signed");
            let config = of_version(version, &certificate, &key);
            check(name, config, &root, NAME, kind).await;
        }
    }
}

async fn check(name: &str, config: ServerConfig, root: &Authority, host: &str, kind: Option<Kind>) {
    let result = connect(config, &trusting(&root.pem()), &Server::new(host, 465)).await;
    match (result, kind) {
        (Ok(connection), None) => {
            assert!(connection.security().expect("TLS").verified, "{name}");
        }
        (Err(smtp::Error::Lost(lost)), Some(kind)) => {
            let error = lost.handshake().unwrap_or_else(|| panic!("{name}: {lost}"));
            assert_eq!(error.kind(), kind, "{name}: {lost}");
            assert!(error.certificate().is_some(), "{name}: {lost}");
            let text = error.to_string();
            assert!(text.contains(", issued by CN=private"), "{name}: {text}");
            assert!(text.contains(" valid from ") && text.contains("X.509 version 3)"), "{text}");
            assert!(text.contains("signed with ecdsa-with-SHA256,"), "{name}: {text}");
        }
        (result, kind) => panic!("{name}: {result:?}, and {kind:?} was to be"),
    }
}

/// With and without CA:TRUE, and trusted or not.
#[tokio::test]
async fn self_signed_certificates() {
    let table = [
        ("no basicConstraints", IsCa::NoCa, true, None),
        ("CA:FALSE", IsCa::ExplicitNoCa, true, None),
        ("CA:FALSE", IsCa::ExplicitNoCa, false, Some(Kind::UnknownIssuer)),
        ("no basicConstraints", IsCa::NoCa, false, Some(Kind::UnknownIssuer)),
        (
            "CA:TRUE",
            IsCa::Ca(BasicConstraints::Unconstrained),
            true,
            Some(Kind::AuthorityCertificate),
        ),
        (
            "CA:TRUE",
            IsCa::Ca(BasicConstraints::Unconstrained),
            false,
            Some(Kind::AuthorityCertificate),
        ),
    ];
    for (name, is_ca, is_trusted, kind) in table {
        for version in [&TLS12, &TLS13] {
            let key = key();
            let certificate = with(|p| p.is_ca = is_ca).self_signed(&key).expect("signed");
            let config = of_version(version, &certificate, &key);
            let root = if is_trusted { certificate.pem() } else { authority("other").pem() };
            match kind {
                None => {
                    let to = Server::new(NAME, 465);
                    connect(config, &trusting(&root), &to).await.unwrap_or_else(|error| {
                        panic!("{name}, {is_trusted}: {error}");
                    });
                }
                Some(kind) => {
                    let lost = failure(config, &trusting(&root)).await;
                    let error = lost.handshake().expect("of the handshake");
                    assert_eq!(error.kind(), kind, "{name}, {is_trusted}: {lost}");
                    assert_eq!(error.certificate(), Some(&**certificate.der()), "{name}");
                    assert!(error.to_string().contains(" (itself), valid from "), "{lost}");
                }
            }
        }
    }
}

/// An address is a name of its own kind, of 4 or of 16 bytes.
#[tokio::test]
async fn addresses() {
    let root = authority("private");
    let dns = |name: &str| SanType::DnsName(name.try_into().expect("ASCII"));
    let ip = |address: &str| SanType::IpAddress(address.parse().expect("an address"));
    let table = [
        ("IPv4", ip("192.0.2.1"), "192.0.2.1", None),
        ("IPv6", ip("2001:db8::1"), "2001:db8::1", None),
        ("another IPv6", ip("2001:db8::2"), "2001:db8::1", Some(Kind::WrongName)),
        ("IPv4 in IPv6", ip("::ffff:192.0.2.1"), "192.0.2.1", Some(Kind::WrongName)),
        ("an address as a DNS name", dns("192.0.2.1"), "192.0.2.1", Some(Kind::WrongName)),
        ("an A-label", dns("xn--bcher-kva.example.test"), "xn--bcher-kva.example.test", None),
    ];
    for (name, names, host, kind) in table {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.subject_alt_names = vec![names];
        let key = key();
        let certificate = params.signed_by(&key, &root).expect("signed");
        check(name, of_version(&TLS13, &certificate, &key), &root, host, kind).await;
    }
}

/// An authority that may sign for some names only (RFC 5280 §4.2.1.10), wildcards of them among
/// others (RUSTSEC-2026-0099).
#[tokio::test]
async fn authorities_with_name_constraints() {
    let subtree = |name: &str| vec![GeneralSubtree::DnsName(name.to_owned())];
    let table = [
        ("permitted", subtree("example.test"), vec![], NAME, true),
        ("another permitted", subtree("example.org"), vec![], NAME, false),
        ("excluded", vec![], subtree("example.test"), NAME, false),
        ("another excluded", vec![], subtree("example.org"), NAME, true),
        ("a wildcard below", subtree("example.test"), vec![], "*.example.test", true),
        ("a wildcard beyond", subtree("mail.example.test"), vec![], "*.example.test", false),
        ("a wildcard over", vec![], subtree("mail.example.test"), "*.example.test", false),
    ];
    for (name, permitted_subtrees, excluded_subtrees, of_leaf, accepted) in table {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "private");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority("root");
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees });
        let middle = CertifiedIssuer::signed_by(params, key(), &root).expect("signed");
        let key = key();
        let leaf = named(of_leaf).signed_by(&key, &middle).expect("signed");
        let config = chain(&TLS13, &[leaf.der(), middle.der()], &key);
        let kind = (!accepted).then_some(Kind::BadCertificate);
        check(name, config, &root, NAME, kind).await;
    }
}

/// The dates of each certificate of a chain count.
#[tokio::test]
async fn authorities_between() {
    let root = authority("root");
    let table = [
        ("valid", date_time_ymd(3000, 1, 1), true, None),
        ("expired", date_time_ymd(2020, 2, 29), true, Some(Kind::Expired)),
        ("not shown", date_time_ymd(3000, 1, 1), false, Some(Kind::UnknownIssuer)),
    ];
    for (name, not_after, is_shown, kind) in table {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "private");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = not_after;
        let middle = CertifiedIssuer::signed_by(params, key(), &root).expect("signed");
        let key = key();
        let leaf = named(NAME).signed_by(&key, &middle).expect("signed");
        let shown = [leaf.der(), middle.der()];
        let shown = if is_shown { &shown[..] } else { &shown[..1] };
        check(name, chain(&TLS13, shown, &key), &root, NAME, kind).await;
    }
}

fn chain(
    version: &'static SupportedProtocolVersion,
    certificates: &[&CertificateDer<'static>],
    key: &rcgen::KeyPair,
) -> ServerConfig {
    let chain = certificates.iter().map(|&certificate| certificate.clone()).collect();
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    ServerConfig::builder_with_protocol_versions(&[version])
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a chain")
}

#[tokio::test]
async fn old_certificates() {
    let table = [
        (EARLIER, "is of X.509 version 2, which has no names: have one of version 3 issued"),
        (UNKNOWN, "is signed with ecdsa-with-SHA224, which is not safe or not known here: have"),
    ];
    for ((from, to), text) in table {
        let (config, tls) = patched(from, to);
        let lost = failure(config, &tls).await;
        assert_eq!(lost.handshake().expect("of the handshake").kind(), Kind::BadCertificate);
        assert!(lost.to_string().contains(text), "{lost}");
    }
}

/// The whole of an error, with the names of the server escaped.
#[tokio::test]
async fn an_error_shows_the_certificate() {
    let mut params = named("other.example.test");
    for number in 1..=6 {
        let name = format!("{number}.example.test").try_into().expect("ASCII");
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    params.not_before = date_time_ymd(2019, 3, 1);
    params.not_after = date_time_ymd(2150, 2, 28);
    let mut of_root = CertificateParams::new(Vec::new()).expect("no names");
    of_root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    of_root.distinguished_name.push(DnType::CommonName, "private\r\n220 \u{202e}\u{e9}");
    of_root.distinguished_name.push(DnType::OrganizationName, "Example");
    let root = CertifiedIssuer::self_signed(of_root, key()).expect("an authority");
    let key = key();
    let certificate = params.signed_by(&key, &root).expect("signed");
    let lost = failure(of_version(&TLS13, &certificate, &key), &trusting(&root.pem())).await;
    let text = lost.to_string();
    let (_, shown) = text.split_once(" (the server's").expect("its certificate");
    assert_eq!(
        shown,
        " own certificate is for other.example.test, 1.example.test, 2.example.test, \
         3.example.test, 4.example.test and 2 more, issued by CN=private\\r\\n220 \\u{202e}\u{e9}, \
         O=Example, valid from 2019-03-01 to 2150-02-28, signed with ecdsa-with-SHA256, of X.509 \
         version 3)"
    );
}

/// The server's log is where its owner looks: it names the reason too.
#[tokio::test]
async fn the_server_is_told_the_reason() {
    let (root, other) = (authority("private"), authority("other"));
    let table = [
        (
            "expired",
            with(|p| p.not_after = date_time_ymd(2020, 2, 29)),
            &root,
            "CertificateExpired",
        ),
        ("an issuer", named(NAME), &other, "UnknownCA"),
        ("a name", named("other.example.test"), &root, "BadCertificate"),
    ];
    for (name, params, trusted, alert) in table {
        let key = key();
        let certificate = params.signed_by(&key, &root).expect("signed");
        let acceptor = TlsAcceptor::from(Arc::new(of_version(&TLS13, &certificate, &key)));
        let (client, stream) = tokio::io::duplex(1 << 16);
        let tls = trusting(&trusted.pem());
        let to = server();
        let (client, accepted) =
            tokio::join!(Connection::from_tls_stream(client, &to, &tls), acceptor.accept(stream),);
        client.expect_err(name);
        let told = accepted.expect_err(name).to_string();
        assert!(told.contains(alert), "{name}: {told}");
    }
}
