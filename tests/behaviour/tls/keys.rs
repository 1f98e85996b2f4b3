//! Private keys of client certificates, in each form that they are written in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
};
use smtp::error::HandshakeErrorKind as Kind;
use smtp::transport::TlsVersion;
use smtp::{TlsConfig, transport};
use tests::server;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::{
    NAME, Shown, authority, connect, failure, key, named, of_version, shows, trusting,
    wants_a_client_certificate,
};

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The last OCTET STRING of a PKCS#8 key (RFC 5958 §2): PKCS#1 for RSA, SEC1 for curves. A public
/// key may follow it, as attribute 1.
fn inner(pkcs8: &[u8]) -> Vec<u8> {
    let mut rest = value(pkcs8).0;
    loop {
        let (tag, (content, after)) = (rest[0], value(rest));
        if tag == 0x04 {
            return content.to_vec();
        }
        rest = after;
    }
}

/// The content of the first element of a DER text, and what follows it.
fn value(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match der[1] {
        short @ 0..0x80 => (usize::from(short), 2),
        long => {
            let end = 2 + usize::from(long & 0x7f);
            (der[2..end].iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), end)
        }
    };
    der[start..].split_at(length)
}

#[tokio::test]
async fn each_form_of_a_private_key() {
    let clients = authority("clients");
    let (config, root) = wants_a_client_certificate(&clients);
    let table = [
        ("P-256", &PKCS_ECDSA_P256_SHA256, Some("EC PRIVATE KEY")),
        ("P-384", &PKCS_ECDSA_P384_SHA384, Some("EC PRIVATE KEY")),
        ("RSA", &PKCS_RSA_SHA256, Some("RSA PRIVATE KEY")),
        ("Ed25519", &PKCS_ED25519, None),
    ];
    for (name, algorithm, older) in table {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let chain = named("me.example.test").signed_by(&key, &clients).expect("signed").pem();
        let mut forms = vec![("PKCS#8", key.serialize_pem())];
        forms.extend(older.map(|label| (label, pem(label, &inner(&key.serialize_der())))));
        for (form, key) in forms {
            let both = format!("{key}{chain}");
            for (chain, key) in [(&chain, &key), (&both, &both)] {
                let tls = TlsConfig::builder()
                    .root_pem(root.pem())
                    .client_certificate_pem(chain, key)
                    .build()
                    .unwrap_or_else(|error| panic!("{name}, {form}: {error}"));
                connect(config.clone(), &tls, &server())
                    .await
                    .unwrap_or_else(|error| panic!("{name}, {form}: {error}"));
            }
        }
    }
}

fn refused(chain: &str, key: &str) -> transport::TlsConfigError {
    let builder = TlsConfig::builder().root_pem(authority("any").pem());
    builder.client_certificate_pem(chain, key).build().expect_err("the key cannot be used")
}

#[test]
fn an_encrypted_key_is_refused_with_what_to_do() {
    let chain = named("me.example.test").self_signed(&key()).expect("signed").pem();
    let pkcs8 = pem("ENCRYPTED PRIVATE KEY", b"0");
    let older = |label: &str| {
        let text = pem(label, &[7; 100]);
        let header = "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0123456789ABCDEF\n\n";
        text.replacen("-----\n", header, 1)
    };
    for key in [pkcs8, older("RSA PRIVATE KEY"), older("EC PRIVATE KEY")] {
        assert_eq!(
            refused(&chain, &key).to_string(),
            "the private key is encrypted, and no passphrase can be given here: write it without \
             one with `openssl pkcs8 -topk8 -nocrypt -in encrypted.pem -out key.pem`, and let no \
             other user read that file",
            "{key}"
        );
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let chain = named("me.example.test").self_signed(&key()).expect("signed").pem();
    let error = refused(&chain, &key().serialize_pem()).to_string();
    assert!(error.starts_with("the client certificate cannot be used: "), "{error}");
    let error = refused(&chain, &chain).to_string();
    assert!(error.starts_with("the private key cannot be read from its PEM text: "), "{error}");
}

#[tokio::test]
async fn the_oldest_version() {
    let root = authority("private");
    let server_key = key();
    let certificate = named(NAME).signed_by(&server_key, &root).expect("signed");
    let Shown { config: both, .. } = shows(&certificate, &server_key);
    let older = of_version(&TLS12, &certificate, &server_key);
    let newer = of_version(&TLS13, &certificate, &server_key);
    let from = |version| {
        let builder = TlsConfig::builder().root_pem(root.pem());
        builder.min_version(version).build().expect("a root")
    };
    let table = [
        (&both, TlsVersion::Tls12, Some("TLSv1_3")),
        (&both, TlsVersion::Tls13, Some("TLSv1_3")),
        (&older, TlsVersion::Tls12, Some("TLSv1_2")),
        (&newer, TlsVersion::Tls12, Some("TLSv1_3")),
        (&older, TlsVersion::Tls13, None),
    ];
    for (config, min_version, spoken) in table {
        let tls = from(min_version);
        let Some(spoken) = spoken else {
            let lost = failure(config.clone(), &tls).await;
            assert_eq!(lost.handshake().expect("of the handshake").kind(), Kind::Version);
            assert_eq!(
                lost.to_string(),
                "the TLS handshake failed: the server offers no TLS 1.3, and \
                 `TlsConfigBuilder::min_version` asks for it: have it enabled on the server, or \
                 take TLS 1.2 too"
            );
            continue;
        };
        let connection = connect(config.clone(), &tls, &server()).await.expect("a version");
        assert_eq!(connection.security().expect("TLS").protocol, spoken);
    }
    let unsaid = connect(older, &trusting(&root.pem()), &server()).await.expect("TLS 1.2");
    assert_eq!(unsaid.security().expect("TLS").protocol, "TLSv1_2");
}
