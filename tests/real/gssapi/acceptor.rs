//! Channel bindings, at a server of the test's own that accepts tickets with the same library: no
//! SMTP server is known to offer GS2-KRB5-PLUS, and Dovecot ignores the binding of GSS-SPNEGO.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libgssapi::context::ServerCtx;
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest as _, Sha256};
use smtp::auth::{ChannelBinding, Gs2Krb5, Mechanism, Spnego};
use smtp::connection::TransitionError;
use smtp::{Connection, Error, Server as Address, TlsConfig};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::with_ticket;

const OFFERS: &str = "GS2-KRB5 GS2-KRB5-PLUS GSS-SPNEGO";

/// The token with its header again, which GS2 has taken off (RFC 5801 §4.1).
fn with_header(inner: &[u8]) -> Vec<u8> {
    let kerberos = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
    let length = u16::try_from(kerberos.len() + inner.len()).expect("a token");
    [&b"\x60\x82"[..], &length.to_be_bytes(), kerberos, inner].concat()
}

/// Serves one login inside TLS. The server is `between` two others if it knows another session than
/// the one that the client is in. Gives the mechanism, and the `gs2-header` where there is one.
async fn serve(stream: DuplexStream, config: ServerConfig, hash: Vec<u8>, between: bool) -> String {
    let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.expect("TLS");
    let exporter = stream
        .get_ref()
        .1
        .export_keying_material([0_u8; 32], b"EXPORTER-Channel-Binding", Some(b""))
        .expect("the handshake is done");
    let (exporter, hash) = if between {
        (Sha256::digest(exporter).to_vec(), Sha256::digest(hash).to_vec())
    } else {
        (exporter.to_vec(), hash)
    };
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    let offer = format!("250-mail\r\n250 AUTH {OFFERS}\r\n");
    let mut heard = Vec::new();
    for reply in ["220 hi\r\n", &offer, "334 \r\n"] {
        writer.write_all(reply.as_bytes()).await.expect("a client");
        heard.push(lines.next_line().await.expect("a client").expect("a line"));
    }
    let mechanism = heard[1].strip_prefix("AUTH ").expect("AUTH").to_owned();
    let message = STANDARD.decode(&heard[2]).expect("base64");
    let (token, bindings, header) = if mechanism == "GSS-SPNEGO" {
        (message, [&b"tls-server-end-point:"[..], &hash].concat(), String::new())
    } else {
        let mut commas = message.iter().enumerate().filter(|(_, byte)| **byte == b',');
        let (end, _) = commas.nth(1).expect("a gs2-header");
        let (header, inner) = message.split_at(end + 1);
        let data = match header {
            b"p=tls-exporter,," => exporter,
            b"p=tls-server-end-point,," => hash,
            _ => Vec::new(),
        };
        let text = String::from_utf8_lossy(header).into_owned();
        (with_header(inner), [header, &data].concat(), text)
    };
    let accepted = ServerCtx::new(None).step(&token, Some(&bindings)).map(|proof| {
        let proof = proof.expect("mutual authentication");
        STANDARD.encode(&*proof)
    });
    let last = match accepted {
        Ok(proof) => {
            writer.write_all(format!("334 {proof}\r\n").as_bytes()).await.expect("a client");
            let answer = lines.next_line().await.expect("a client").expect("a line");
            assert_eq!(answer, "", "nothing is left to say");
            "235 2.7.0 welcome\r\n"
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains("channel bindings"), "{said}");
            "535 5.7.8 no\r\n"
        }
    };
    writer.write_all(last.as_bytes()).await.expect("a client");
    let _ = lines.next_line().await;
    format!("{mechanism} {header}")
}

/// Logs in. Gives the error, and what the server saw.
async fn log_in(mechanism: &mut dyn Mechanism, between: bool) -> (Option<Error>, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    let der = CertificateDer::from(certificate.der().to_vec());
    // The certificate is signed with ECDSA and SHA-256.
    let hash = Sha256::digest(&der).to_vec();
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![der], key).expect("a certificate");
    let (client, stream) = duplex(1 << 16);
    let served = tokio::spawn(serve(stream, config, hash, between));
    let tls = TlsConfig::builder().root_pem(certificate.pem()).build().expect("a root");
    let address = Address::new("localhost", 25);
    let connection = Connection::from_tls_stream(client, &address, &tls).await.expect("TLS");
    let login = connection.authenticate(mechanism).await;
    let error = match login {
        Ok(connection) => {
            drop(connection);
            None
        }
        Err(TransitionError::Refused(refused)) => Some(refused.refusal.into()),
        Err(TransitionError::Lost(lost)) => Some(lost.into()),
    };
    (error, served.await.expect("a server"))
}

#[tokio::test]
async fn bindings() {
    if with_ticket("acceptor::bindings", |realm| Some(&realm.kdc)).is_none() {
        return;
    }
    let gs2 = |binding| Gs2Krb5::new().channel_binding(binding);
    let mut exporter = gs2(ChannelBinding::Required);
    let mut end_point = gs2(ChannelBinding::ServerEndPoint);
    let mut unbound = gs2(ChannelBinding::Off);
    let mut spnego = Spnego::new();
    let table: [(&mut dyn Mechanism, &str); 4] = [
        (&mut exporter, "GS2-KRB5-PLUS p=tls-exporter,,"),
        (&mut end_point, "GS2-KRB5-PLUS p=tls-server-end-point,,"),
        (&mut unbound, "GS2-KRB5 n,,"),
        (&mut spnego, "GSS-SPNEGO "),
    ];
    for (mechanism, expected) in table {
        let (error, seen) = log_in(mechanism, false).await;
        assert!(error.is_none(), "{expected}: {error:?}");
        assert_eq!(seen, expected);
        assert!(mechanism.is_complete(), "{expected}");

        // A third side that ends the client's TLS cannot pass the ticket on.
        let (error, seen) = log_in(mechanism, true).await;
        assert_eq!(seen, expected);
        if expected == "GS2-KRB5 n,," {
            assert!(error.is_none(), "nothing is bound: {error:?}");
        } else {
            let code = error.as_ref().and_then(|error| error.reply()).map(|it| it.code().value());
            assert_eq!(code, Some(535), "{expected}: {error:?}");
        }
    }
}
