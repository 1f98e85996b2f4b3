//! SCRAM against a server that computes its own side from other packages, inside TLS of its own:
//! what is bound to the session, what a third side in the middle can do, and what a lie comes to.

mod slices;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest as _, Sha256};
use smtp::auth::{ChannelBinding, Credentials, ScramSha256};
use smtp::error::ProtocolError;
use smtp::state::Authed;
use smtp::{Connection, Error, Lost, Mechanism, TlsConfig};
use tests::{error, secured, server};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::io::{AsyncWriteExt as _, BufReader, copy_bidirectional, duplex, split};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate of a server, and the configuration that shows it.
#[derive(Clone)]
struct Identity {
    pem: String,
    der: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

impl Identity {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["mail.example.test".to_owned()]);
        let certificate = params.expect("a name").self_signed(&key).expect("a certificate");
        let der = CertificateDer::from(certificate.der().to_vec());
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![der.clone()], key).expect("a certificate");
        Self { pem: certificate.pem(), der, config: Arc::new(config) }
    }
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Honest,
    /// It says 235 instead of its own proof.
    WithoutProof,
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Serves one session: EHLO with these mechanisms, and SCRAM-SHA-256 of the password "pencil".
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    identity: Identity,
    offers: &'static str,
    kind: Server,
) -> Option<String> {
    let stream = TlsAcceptor::from(identity.config).accept(stream).await.ok()?;
    let exporter = stream
        .get_ref()
        .1
        .export_keying_material([0_u8; 32], b"EXPORTER-Channel-Binding", Some(b""))
        .expect("the handshake is done");
    let mut stream = BufReader::new(stream);
    let say = async |stream: &mut BufReader<_>, text: &str| {
        stream.write_all(text.as_bytes()).await.ok()?;
        stream.write_all(b"\r\n").await.ok()?;
        stream.flush().await.ok()
    };
    let hear = async |stream: &mut BufReader<_>| {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        Some(line.trim_end().to_owned())
    };
    say(&mut stream, "220 hi").await?;
    hear(&mut stream).await?;
    say(&mut stream, &format!("250-hi\r\n250 AUTH {offers}")).await?;
    let auth = hear(&mut stream).await?;
    let mut auth = auth.strip_prefix("AUTH ")?.to_owned();
    if !auth.contains(' ') {
        say(&mut stream, "334 ").await?;
        auth = format!("{auth} {}", hear(&mut stream).await?);
    }
    let (mechanism, first) = auth.split_once(' ')?;
    let first = String::from_utf8(STANDARD.decode(first).ok()?).ok()?;
    let (header, bare) = first.split_at(first.find("n=")?);
    let nonce = format!("{}server", bare.split_once("r=")?.1);
    let server_first = format!("r={nonce},s={},i=4096", STANDARD.encode("a salt"));
    say(&mut stream, &format!("334 {}", STANDARD.encode(&server_first))).await?;
    let last = String::from_utf8(STANDARD.decode(hear(&mut stream).await?).ok()?).ok()?;
    let (without_proof, proof) = last.split_once(",p=")?;
    let binding = without_proof.strip_prefix("c=")?.split_once(',')?.0;
    // A server that could bind, and hears that the client could, has been lied about.
    let mut expected = header.as_bytes().to_vec();
    if header.starts_with("p=tls-exporter,") {
        expected.extend_from_slice(&exporter);
    } else if mechanism.ends_with("-PLUS") {
        // The certificate is signed with ECDSA and SHA-256.
        expected.extend_from_slice(&Sha256::digest(&identity.der));
    }
    let bound = STANDARD.decode(binding).ok()? == expected && !header.starts_with('y');
    let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(b"pencil", b"a salt", 4096);
    let message = format!("{bare},{server_first},{without_proof}");
    let stored = Sha256::digest(mac(&salted, b"Client Key"));
    let signature = mac(&stored, message.as_bytes());
    let key: Vec<u8> =
        STANDARD.decode(proof).ok()?.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
    if !bound || Sha256::digest(&key)[..] != stored[..] {
        say(&mut stream, "535 5.7.8 no").await?;
    } else if kind == Server::WithoutProof {
        say(&mut stream, "235 2.7.0 welcome").await?;
    } else {
        let proof = mac(&mac(&salted, b"Server Key"), message.as_bytes());
        let last = STANDARD.encode(format!("v={}", STANDARD.encode(proof)));
        say(&mut stream, &format!("334 {last}")).await?;
        assert_eq!(hear(&mut stream).await?, "", "an empty line answers the server's proof");
        say(&mut stream, "235 2.7.0 welcome").await?;
    }
    hear(&mut stream).await;
    Some(format!("{mechanism} {header}"))
}

async fn authenticate(
    stream: tokio::io::DuplexStream,
    trusted: &Identity,
    mechanism: &mut dyn Mechanism,
) -> Result<Connection<Authed>, Error> {
    let tls = TlsConfig::builder().root_pem(&trusted.pem).build().expect("a root");
    let connection = Connection::from_tls_stream(stream, &server(), &tls).await?;
    Ok(connection.authenticate(mechanism).await?)
}

fn scram() -> ScramSha256 {
    ScramSha256::new("me", "pencil")
}

const BOTH: &str = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";

#[tokio::test]
async fn the_proof_is_bound_to_the_session() {
    for (offers, binding, expected) in [
        (BOTH, ChannelBinding::Automatic, "SCRAM-SHA-256-PLUS p=tls-exporter,,"),
        (BOTH, ChannelBinding::Required, "SCRAM-SHA-256-PLUS p=tls-exporter,,"),
        (BOTH, ChannelBinding::ServerEndPoint, "SCRAM-SHA-256-PLUS p=tls-server-end-point,,"),
        (BOTH, ChannelBinding::Off, "SCRAM-SHA-256 n,,"),
    ] {
        let identity = Identity::new();
        let (client, stream) = duplex(1 << 16);
        let served = tokio::spawn(serve(stream, identity.clone(), offers, Server::Honest));
        let mut scram = scram().channel_binding(binding);
        let connection = authenticate(client, &identity, &mut scram).await.expect("a login");
        connection.quit().await.expect("QUIT");
        assert_eq!(served.await.expect("a server").as_deref(), Some(expected));
    }
}

/// A third side that ends the client's TLS and begins its own cannot pass the proof on.
#[tokio::test]
async fn a_proxy_in_the_middle_breaks_the_binding() {
    for binding in [ChannelBinding::Automatic, ChannelBinding::ServerEndPoint] {
        let (identity, proxy) = (Identity::new(), Identity::new());
        let (client, middle) = duplex(1 << 16);
        let (near, far) = duplex(1 << 16);
        tokio::spawn(serve(far, identity.clone(), BOTH, Server::Honest));
        let accept = TlsAcceptor::from(Arc::clone(&proxy.config));
        let mut roots = RootCertStore::empty();
        roots.add(identity.der.clone()).expect("a root");
        let onwards = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tokio::spawn(async move {
            let name = ServerName::try_from("mail.example.test").expect("a name");
            let mut inner = TlsConnector::from(Arc::new(onwards)).connect(name, near).await?;
            let mut outer = accept.accept(middle).await?;
            copy_bidirectional(&mut outer, &mut inner).await
        });
        let mut scram = scram().channel_binding(binding);
        let refused = error(authenticate(client, &proxy, &mut scram).await);
        let code = refused.reply().map(|reply| reply.code().value());
        assert_eq!(code, Some(535), "{binding:?}: {refused}");
    }
}

/// A third side that takes -PLUS from the list is noticed by the server, which hears that the
/// client could have bound.
#[tokio::test]
async fn a_list_without_plus_is_noticed() {
    let identity = Identity::new();
    let (client, stream) = duplex(1 << 16);
    tokio::spawn(serve(stream, identity.clone(), "SCRAM-SHA-256", Server::Honest));
    let refused = error(authenticate(client, &identity, &mut scram()).await);
    assert_eq!(refused.reply().map(|reply| reply.code().value()), Some(535), "{refused}");
}

/// A server that lies at either step ends the connection, and is not even told so.
#[tokio::test(start_paused = true)]
async fn a_server_that_lies_ends_the_connection() {
    for lie in ["r=other,s=c2FsdA==,i=4096", "r=,s=,i=1", "m=x", "v=eA=="] {
        let dialogue = format!("C: AUTH SCRAM-SHA-256 *\nS: 334 {}", STANDARD.encode(lie));
        let (connection, peer) = secured(&["AUTH SCRAM-SHA-256"], &dialogue).await;
        let lost = error(connection.authenticate(&mut scram()).await);
        assert!(
            matches!(&lost, Error::Lost(lost) if matches!(lost.protocol(), Some(ProtocolError::Untrusted(_)))),
            "{lost}"
        );
        assert!(!lost.is_transient() && peer.is_closed(), "{lost}");
        assert!(!peer.written().ends_with(b"*\r\n"), "{lie}");
        peer.finish();
    }
}

/// A server that does not prove that it knows the password is no server of this account.
#[tokio::test]
async fn success_without_a_proof_is_none() {
    let identity = Identity::new();
    let (client, stream) = duplex(1 << 16);
    tokio::spawn(serve(stream, identity.clone(), BOTH, Server::WithoutProof));
    let Error::Lost(lost) = error(authenticate(client, &identity, &mut scram()).await) else {
        panic!("the connection is kept");
    };
    let lost: Lost = lost;
    assert!(
        matches!(lost.protocol(), Some(ProtocolError::UnverifiedSuccess(_)))
            && !lost.is_transient(),
        "{lost}"
    );
}

/// Credentials hand the whole exchange on: the work in slices, the binding and its absence, the name
/// of the other user, and the proof of the server.
#[tokio::test]
async fn credentials_run_the_exchange() {
    let password = || Credentials::password("me", "pencil").acting_as("boss");
    for (credentials, expected) in [
        (password(), "SCRAM-SHA-256-PLUS p=tls-exporter,a=boss,"),
        // The client has seen -PLUS, and must not say `y`.
        (password().without("SCRAM-SHA-256-PLUS"), "SCRAM-SHA-256 n,a=boss,"),
    ] {
        let mut credentials = credentials;
        let identity = Identity::new();
        let (client, stream) = duplex(1 << 16);
        let served = tokio::spawn(serve(stream, identity.clone(), BOTH, Server::Honest));
        let connection = authenticate(client, &identity, &mut credentials).await.expect("a login");
        drop(connection);
        assert_eq!(served.await.expect("no panic").as_deref(), Some(expected));

        let (client, stream) = duplex(1 << 16);
        tokio::spawn(serve(stream, identity.clone(), BOTH, Server::WithoutProof));
        let lost = error(authenticate(client, &identity, &mut credentials).await);
        assert!(
            matches!(&lost, Error::Lost(lost) if matches!(lost.protocol(), Some(ProtocolError::UnverifiedSuccess(_)))),
            "{lost}"
        );
    }
}

/// The way to a server that is far away: each direction takes 50 ms.
fn far_away(server: tokio::io::DuplexStream) -> tokio::io::DuplexStream {
    let (client, relay) = duplex(1 << 16);
    let ((near, to_client), (far, to_server)) = (split(relay), split(server));
    for (mut from, mut to) in [(near, to_server), (far, to_client)] {
        tokio::spawn(async move {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
                to.write_all(&bytes[..count]).await?;
            }
            to.shutdown().await
        });
    }
    client
}

/// Round trips: one for AUTH, one for the proof, one for the server's proof; and one more where the
/// server must ask for the first message.
#[tokio::test(start_paused = true)]
async fn round_trips() {
    for (user, binding, expected) in [
        ("me", ChannelBinding::Off, 3),
        ("me", ChannelBinding::Automatic, 3),
        (&*"x".repeat(500), ChannelBinding::Off, 4),
    ] {
        let identity = Identity::new();
        let (client, stream) = duplex(1 << 16);
        tokio::spawn(serve(stream, identity.clone(), BOTH, Server::Honest));
        let tls = TlsConfig::builder().root_pem(&identity.pem).build().expect("a root");
        let connection = Connection::from_tls_stream(far_away(client), &server(), &tls).await;
        let connection = connection.expect("EHLO");
        let began = tokio::time::Instant::now();
        let mut scram = ScramSha256::new(user, "pencil").channel_binding(binding);
        connection.authenticate(&mut scram).await.expect("a login");
        assert_eq!(began.elapsed().as_millis() / 100, expected, "{binding:?}");
    }
}
