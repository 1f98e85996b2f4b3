//! Servers that are known by their certificate or their key.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData as _, date_time_ymd,
};
use sha2::{Digest as _, Sha256};
use smtp::TlsConfig;
use smtp::error::HandshakeErrorKind as Kind;
use smtp::state::Verification;
use smtp::transport::TlsConfigBuilder;
use tests::server;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::{NAME, authority, connect, failure, key, named, of_version, without_key};

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string");
        text
    })
}

/// The pin of a certificate in each form.
fn pins(certificate: &rcgen::Certificate, key: &KeyPair) -> Vec<(&'static str, TlsConfig)> {
    let of_key = key.subject_public_key_info();
    let builders: Vec<(&str, TlsConfigBuilder)> = vec![
        ("PEM", TlsConfig::builder().pin_certificate_pem(certificate.pem())),
        ("hash", TlsConfig::builder().pin_certificate_sha256(hexadecimal(certificate.der()))),
        ("key", TlsConfig::builder().pin_key_sha256(hexadecimal(&of_key))),
        (
            "key in base64",
            TlsConfig::builder().pin_key_sha256(STANDARD.encode(Sha256::digest(&of_key))),
        ),
    ];
    builders
        .into_iter()
        .map(|(name, builder)| (name, builder.build().unwrap_or_else(|e| panic!("{name}: {e}"))))
        .collect()
}

/// Each thing that roots would have been asked about.
fn wrong(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = named(NAME);
    change(&mut params);
    params
}

#[tokio::test]
async fn a_pin_replaces_path_name_and_dates() {
    let table = [
        ("another name", named("elsewhere.example.test")),
        ("no name", CertificateParams::new(Vec::new()).expect("no names")),
        ("expired", wrong(|params| params.not_after = date_time_ymd(2020, 2, 29))),
        ("not yet valid", wrong(|params| params.not_before = date_time_ymd(3000, 1, 1))),
        ("an authority", wrong(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))),
        (
            "all of it",
            wrong(|params| {
                params.subject_alt_names.clear();
                params.not_after = date_time_ymd(2020, 2, 29);
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }),
        ),
    ];
    for (name, params) in table {
        for version in [&TLS12, &TLS13] {
            let key = key();
            let certificate = params.self_signed(&key).expect("signed");
            let config = of_version(version, &certificate, &key);
            for (form, tls) in pins(&certificate, &key) {
                let connection = connect(config.clone(), &tls, &server())
                    .await
                    .unwrap_or_else(|error| panic!("{name}, {form}: {error}"));
                let security = connection.security().expect("TLS");
                assert!(security.verified, "{name}, {form}");
                assert_eq!(security.verification, Verification::Pinned, "{name}, {form}");
            }
        }
    }
}

#[tokio::test]
async fn each_kind_of_key() {
    for algorithm in
        [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519, &PKCS_RSA_SHA256]
    {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let certificate = named(NAME).signed_by(&key, &authority("private")).expect("signed");
        for version in [&TLS12, &TLS13] {
            let config = of_version(version, &certificate, &key);
            for (form, tls) in pins(&certificate, &key) {
                let connected = connect(config.clone(), &tls, &server()).await;
                connected.unwrap_or_else(|error| panic!("{algorithm:?}, {form}: {error}"));
            }
        }
    }
}

/// A certificate is public: to show it proves nothing.
#[tokio::test]
async fn a_server_that_does_not_hold_the_key_is_refused() {
    let key = key();
    let certificate = named(NAME).self_signed(&key).expect("signed");
    for version in [&TLS12, &TLS13] {
        for (form, tls) in pins(&certificate, &key) {
            let lost = failure(without_key(version, &certificate), &tls).await;
            let text = "the TLS handshake failed: the server shows the certificate that is pinned, \
                        and does not hold its key: another server may answer in its place (";
            assert!(lost.to_string().starts_with(text), "{form}, {version:?}: {lost}");
            assert_eq!(lost.handshake().expect("of the handshake").kind(), Kind::BadCertificate);
        }
    }
}

#[tokio::test]
async fn another_certificate_is_refused_and_both_hashes_are_shown() {
    let (wanted_key, shown_key, root) = (key(), key(), authority("private"));
    let wanted = named(NAME).signed_by(&wanted_key, &root).expect("signed");
    let shown = named(NAME).signed_by(&shown_key, &root).expect("signed");
    let of = |certificate: &rcgen::Certificate, key: &KeyPair| {
        (hexadecimal(certificate.der()), hexadecimal(&key.subject_public_key_info()))
    };
    let (wanted_hash, wanted_key_hash) = of(&wanted, &wanted_key);
    let (shown_hash, shown_key_hash) = of(&shown, &shown_key);
    for (form, tls) in pins(&wanted, &wanted_key) {
        let difference = if form.starts_with("key") {
            format!("SHA-256 of its public key is {shown_key_hash}, and not {wanted_key_hash}")
        } else {
            format!("SHA-256 of the certificate is {shown_hash}, and not {wanted_hash}")
        };
        for version in [&TLS12, &TLS13] {
            let lost = failure(of_version(version, &shown, &shown_key), &tls).await;
            let text = format!(
                "the TLS handshake failed: the server's certificate is not the one that is pinned: \
                 {difference}: if its owner confirms that the server has a new certificate, pin \
                 that one ("
            );
            assert!(lost.to_string().starts_with(&text), "{form}: {lost}");
            assert_eq!(lost.handshake().expect("of the handshake").kind(), Kind::NotPinned);
        }
    }
    // The authority of a pinned certificate is not trusted with it.
    let tls = TlsConfig::builder().pin_certificate_pem(root.pem()).build().expect("a pin");
    let lost = failure(of_version(&TLS13, &wanted, &wanted_key), &tls).await;
    assert_eq!(lost.handshake().expect("of the handshake").kind(), Kind::NotPinned);
}

#[tokio::test]
async fn a_certificate_that_is_about_to_change_has_two_pins() {
    let (old_key, new_key) = (key(), key());
    let old = named(NAME).self_signed(&old_key).expect("signed");
    let new = named(NAME).self_signed(&new_key).expect("signed");
    let tls = TlsConfig::builder()
        .pin_certificate_pem(old.pem())
        .pin_key_sha256(hexadecimal(&new_key.subject_public_key_info()))
        .build()
        .expect("two pins");
    for (certificate, key) in [(&old, &old_key), (&new, &new_key)] {
        connect(of_version(&TLS13, certificate, key), &tls, &server()).await.expect("pinned");
    }
    let other = named(NAME).self_signed(&key()).expect("signed");
    let error = failure(without_key(&TLS13, &other), &tls).await.to_string();
    assert!(
        error.contains("of the certificate is") && error.contains("; SHA-256 of its"),
        "{error}"
    );
    // A certificate of another server with the same key is not the one that is pinned.
    let renewed = named(NAME).self_signed(&old_key).expect("signed");
    failure(of_version(&TLS13, &renewed, &old_key), &tls).await;
    let renewed = named(NAME).self_signed(&new_key).expect("signed");
    connect(of_version(&TLS13, &renewed, &new_key), &tls, &server()).await.expect("its key");
}

#[test]
fn pins_that_cannot_be() {
    let certificate = authority("private").pem();
    let chain = format!("{certificate}{}", authority("other").pem());
    let pin = || TlsConfig::builder().pin_certificate_pem(&certificate);
    let table = [
        (TlsConfig::builder().pin_certificate_pem(chain), "holds 2 certificates"),
        (TlsConfig::builder().pin_certificate_pem("none"), "holds no certificate"),
        (
            TlsConfig::builder().pin_certificate_pem(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            ),
            "the certificate to pin cannot be used",
        ),
        (TlsConfig::builder().pin_certificate_sha256("AB:CD"), "\"AB:CD\" is no SHA-256"),
        (TlsConfig::builder().pin_key_sha256(""), "64 hexadecimal digits"),
        (pin().root_pem(&certificate), "leave out the one or the other"),
        (pin().dangerous().accept_any_certificate(), "leave out the one or the other"),
    ];
    for (builder, text) in table {
        let error = builder.build().expect_err(text).to_string();
        assert!(error.contains(text), "{text}: {error}");
    }
}
