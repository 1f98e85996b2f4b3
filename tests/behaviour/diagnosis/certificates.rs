//! The errors of certificates that are not accepted, on either side. Each mend that is named is
//! tried.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa,
    date_time_ymd,
};
use smtp::error::{Blame, HandshakeErrorKind as Kind};
use smtp::transport::TlsVersion;
use smtp::{Lost, Server, TlsConfig};
use tests::server;
use tokio_rustls::rustls;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::behaviour::tls::{
    Authority, EARLIER, NAME, UNKNOWN, authority, connect, failure, key, named, of_version,
    patched, self_signed, shows, signed, trusting, wants_a_client_certificate, without_key,
};

fn pinning(pem: &str) -> TlsConfig {
    TlsConfig::builder().pin_certificate_pem(pem).build().expect("a pin")
}

fn says(lost: &Lost, kind: Kind, text: &str) {
    let said = lost.to_string();
    let rest = said.strip_prefix(&format!("the TLS handshake failed: {text}"));
    let rest = rest.unwrap_or_else(|| panic!("{said}"));
    let details = rest.is_empty() || rest.starts_with(" (the server's own certificate is for ");
    assert!(details && rest.is_empty() == (kind == Kind::ClientCertificate), "{said}");
    let error = lost.handshake().expect("of the handshake");
    assert_eq!(error.kind(), kind);
    let source = std::error::Error::source(error).expect("what rustls said");
    assert!(source.is::<rustls::Error>(), "{source:?}");
    // The certificate of the client is the caller's to give.
    let is_ours = kind == Kind::ClientCertificate;
    let blame = if is_ours { Blame::Caller } else { Blame::Server };
    assert_eq!((lost.blame(), lost.is_transient()), (blame, false));
}

/// A handshake that fails for each reason of a certificate.
pub(super) async fn failures() -> Vec<Lost> {
    let root = authority("private");
    let trust = trusting(&root.pem());
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = named(NAME);
        change(&mut params);
        params
    };
    let mut failures = Vec::new();
    for params in [
        named("elsewhere.example.test"),
        with(|params| params.not_after = date_time_ymd(2020, 2, 29)),
        with(|params| params.not_before = date_time_ymd(3000, 1, 1)),
        with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
    ] {
        failures.push(failure(signed(&params, &root).config, &trust).await);
    }
    let of_authority = with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    for params in [named(NAME), of_authority] {
        failures.push(failure(self_signed(&params).config, &trust).await);
    }
    let another_key = signed(&named(NAME), &authority("private"));
    failures.push(failure(another_key.config, &trust).await);
    let (config, trust) = wants_a_client_certificate(&authority("clients"));
    failures.push(failure(config.clone(), &trusting(&trust.pem())).await);
    failures.push(failure(config, &identity(&authority("other"), &trust)).await);
    failures.push(old_version().await);
    failures.extend(pinned().await);
    for (from, to) in [(EARLIER.0, EARLIER.1), (UNKNOWN.0, UNKNOWN.1)] {
        let (config, tls) = patched(from, to);
        failures.push(failure(config, &tls).await);
    }
    failures
}

/// A client with a certificate of this issuer.
fn identity(issuer: &Authority, root: &Authority) -> TlsConfig {
    let key = key();
    let chain = named("me.example.test").signed_by(&key, issuer).expect("signed").pem();
    let builder = TlsConfig::builder().root_pem(root.pem());
    builder.client_certificate_pem(chain, key.serialize_pem()).build().expect("an identity")
}

#[tokio::test]
async fn an_issuer_that_is_not_trusted() {
    const TEXT: &str = "no authority that is trusted here has issued the server's certificate: if \
                        it is from a private authority, name that one with \
                        `TlsConfig::builder().root_pem(..)`; if it is self-signed, trust it alone \
                        with `pin_certificate_pem(..)`";
    let (private, other) = (authority("private"), authority("other"));
    let from_private = signed(&named(NAME), &private);
    says(
        &failure(from_private.config.clone(), &trusting(&other.pem())).await,
        Kind::UnknownIssuer,
        TEXT,
    );
    connect(from_private.config, &trusting(&private.pem()), &server())
        .await
        .expect("its authority");

    let lonely = self_signed(&named(NAME));
    says(&failure(lonely.config.clone(), &trusting(&other.pem())).await, Kind::UnknownIssuer, TEXT);
    connect(lonely.config.clone(), &trusting(&lonely.pem), &server()).await.expect("a root");
    connect(lonely.config, &pinning(&lonely.pem), &server()).await.expect("itself");
}

/// `openssl req -x509` makes such certificates.
#[tokio::test]
async fn an_authoritys_own_certificate() {
    const TEXT: &str = "the server shows an authority's certificate (CA:TRUE, as `openssl req \
                        -x509` makes it) as its own: trust it alone with \
                        `TlsConfig::builder().pin_certificate_pem(..)`, or give the server one that \
                        this authority has signed and name the authority as a root with \
                        `root_pem(..)`";
    let mut params = named(NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, key()).expect("an authority");
    let shown = shows(root.as_ref(), root.key());
    for trusted in [root.pem(), authority("other").pem()] {
        let lost = failure(shown.config.clone(), &trusting(&trusted)).await;
        says(&lost, Kind::AuthorityCertificate, TEXT);
    }

    connect(shown.config, &pinning(&shown.pem), &server()).await.expect("pinned");
    let mended = signed(&named(NAME), &root);
    connect(mended.config, &trusting(&root.pem()), &server()).await.expect("signed by it");
    let mut params = named(NAME);
    params.is_ca = IsCa::ExplicitNoCa;
    let mended = self_signed(&params);
    connect(mended.config, &trusting(&mended.pem), &server()).await.expect("CA:FALSE");
}

#[tokio::test]
async fn an_authority_with_another_key() {
    let (old, new) = (authority("private"), authority("private"));
    let shown = signed(&named(NAME), &new);
    says(
        &failure(shown.config.clone(), &trusting(&old.pem())).await,
        Kind::BadCertificate,
        "a signature of the server's does not verify: an authority of the issuer's name is trusted \
         here and has another key (name its new root with `TlsConfig::builder().root_pem(..)`), or \
         the server does not hold the key of its own certificate",
    );
    connect(shown.config, &trusting(&new.pem()), &server()).await.expect("its new root");
}

#[tokio::test]
async fn another_name() {
    let root = authority("private");
    let params = CertificateParams::new(vec![
        "elsewhere.example.test".to_owned(),
        "*.example.org".to_owned(),
        "192.0.2.1".to_owned(),
    ]);
    let shown = signed(&params.expect("names"), &root);
    says(
        &failure(shown.config.clone(), &trusting(&root.pem())).await,
        Kind::WrongName,
        "the server's certificate is for elsewhere.example.test, *.example.org, 192.0.2.1, and not \
         for mail.example.test: connect to the server by a name that its certificate is for",
    );
    let by_its_name = Server::new("elsewhere.example.test", 465);
    connect(shown.config, &trusting(&root.pem()), &by_its_name).await.expect("its name");

    let nameless = CertificateParams::new(Vec::new()).expect("no names");
    says(
        &failure(signed(&nameless, &root).config, &trusting(&root.pem())).await,
        Kind::WrongName,
        "the server's certificate is for no name (it has no subjectAltName; CN is none), and not for mail.example.test: connect to the \
         server by a name that its certificate is for",
    );
}

#[tokio::test]
async fn another_time() {
    let root = authority("private");
    let mut params = named(NAME);
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 2, 29);
    let lost = failure(signed(&params, &root).config, &trusting(&root.pem())).await;
    let text = lost.to_string();
    let today = date(&text);
    says(
        &lost,
        Kind::Expired,
        &format!(
            "a certificate in the server's chain expired on 2020-02-29, and here it is {today}: it \
             must be renewed, or the clock of this machine is wrong"
        ),
    );

    let mut params = named(NAME);
    params.not_before = date_time_ymd(3000, 1, 1);
    params.not_after = date_time_ymd(3001, 1, 1);
    says(
        &failure(signed(&params, &root).config, &trusting(&root.pem())).await,
        Kind::NotYetValid,
        &format!(
            "a certificate in the server's chain is not valid before 3000-01-01, and here it is \
             {today}: the clock of this machine is wrong, or that of its issuer"
        ),
    );
}

/// The date in an error.
fn date(text: &str) -> &str {
    let (_, rest) = text.split_once("here it is ").expect("the time");
    &rest[..10]
}

#[tokio::test]
async fn another_purpose() {
    let root = authority("private");
    let mut params = named(NAME);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let lost = failure(signed(&params, &root).config, &trusting(&root.pem())).await;
    says(
        &lost,
        Kind::BadCertificate,
        "the server's certificate is for another purpose than that of a server: have it issued with \
         the extended key usage serverAuth",
    );
}

/// The alert comes when the client is done with the handshake (TLS 1.3).
#[tokio::test]
async fn a_certificate_of_the_client_that_the_server_wants() {
    let clients = authority("clients");
    let (config, root) = wants_a_client_certificate(&clients);
    says(
        &failure(config.clone(), &trusting(&root.pem())).await,
        Kind::ClientCertificate,
        "the server wants a client certificate: give one with \
         `TlsConfig::builder().client_certificate_pem(..)`",
    );
    says(
        &failure(config.clone(), &identity(&authority("other"), &root)).await,
        Kind::ClientCertificate,
        "the server does not accept the client certificate, or that there is none (UnknownCA): \
         give one that the server trusts with `TlsConfig::builder().client_certificate_pem(..)`",
    );
    connect(config, &identity(&clients, &root), &server()).await.expect("a client that it knows");
}

/// Servers that are not the one of a pin.
async fn pinned() -> [Lost; 2] {
    let (key, other) = (key(), self_signed(&named(NAME)));
    let certificate = named(NAME).self_signed(&key).expect("signed");
    let pin = TlsConfig::builder().pin_certificate_pem(certificate.pem()).build().expect("a pin");
    [failure(other.config, &pin).await, failure(without_key(&TLS13, &certificate), &pin).await]
}

/// A server of TLS 1.2, and a client that asks for 1.3.
async fn old_version() -> Lost {
    let (root, key) = (authority("private"), key());
    let certificate = named(NAME).signed_by(&key, &root).expect("signed");
    let tls = TlsConfig::builder().root_pem(root.pem()).min_version(TlsVersion::Tls13);
    failure(of_version(&TLS12, &certificate, &key), &tls.build().expect("a root")).await
}
