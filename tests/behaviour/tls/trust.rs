//! Whom a configuration trusts where the caller names no one, and how it says that it verifies.

use std::process::Command;
use std::sync::Arc;

use smtp::connection::TransitionError;
use smtp::error::HandshakeErrorKind as Kind;
use smtp::state::Verification;
use smtp::testing::{Certificate, Script};
use smtp::{Connection, Plain, Submission, TlsConfig};
use tests::{hello, server};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::{NAME, authority, connect, failure, key, named, signed, trusting};

/// The roots of the system, for openssl and for all that do as it does.
const ROOTS: &str = "SSL_CERT_FILE";
/// The certificate and the key of a server, for the process that is to start it.
const SHOWN: &str = "TYPED_SMTP_TEST_CERTIFICATE";

/// A test once more, in a process that has these roots.
fn again(test: &str, roots: &std::path::Path, shown: &str) {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env(ROOTS, roots)
        .env_remove("SSL_CERT_DIR")
        .env(SHOWN, shown)
        .output()
        .expect("this program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{complained}");
}

#[tokio::test]
async fn the_roots_of_the_system_by_default() {
    const THIS: &str = "behaviour::tls::trust::the_roots_of_the_system_by_default";
    if !cfg!(all(unix, not(target_vendor = "apple"))) {
        eprintln!("skipped: this system's roots are not in files");
        return;
    }
    let Ok(shown) = std::env::var(SHOWN) else {
        let (root, key) = (authority("of the system"), key());
        let mut params = named(NAME);
        let address = rcgen::SanType::IpAddress([127, 0, 0, 1].into());
        params.subject_alt_names.push(address);
        let certificate = params.signed_by(&key, &root).expect("signed");
        let name = format!("typed-smtp-roots-{}.pem", std::process::id());
        let roots = std::env::temp_dir().join(name);
        std::fs::write(&roots, root.pem()).expect("a file");
        let shown = format!("{}{}", certificate.pem(), key.serialize_pem());
        let tested = std::panic::catch_unwind(|| again(THIS, &roots, &shown));
        std::fs::remove_file(&roots).expect("the file");
        tested.expect("with roots");
        again(THIS, &roots, "");
        return;
    };
    if shown.is_empty() {
        let error = TlsConfig::new().expect_err("no roots").to_string();
        assert!(error.starts_with("there is no root certificate to trust: install"), "{error}");
        trusting(&authority("named").pem());
        return;
    }
    let chain = vec![CertificateDer::from_pem_slice(shown.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(shown.as_bytes()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(chain, key).expect("a certificate and its key");

    let tls = TlsConfig::new().expect("roots");
    let connection = connect(config.clone(), &tls, &server()).await.expect("of the system");
    let security = connection.security().expect("TLS");
    assert_eq!((security.verified, security.verification), (true, Verification::Platform));
    let lost = failure(signed(&named(NAME), &authority("other")).config, &tls).await;
    assert_eq!(lost.handshake().expect("of the handshake").kind(), Kind::UnknownIssuer);
    let mut for_clients = named(NAME);
    for_clients.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let lost = failure(signed(&for_clients, &authority("other")).config, &tls).await;
    assert!(lost.to_string().contains("serverAuth"), "{lost}");

    // Submissions that name no configuration have one, and resume each other's sessions.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(serve(listener, config));
    for is_later in [false, true, true] {
        let submission = Submission::new("127.0.0.1").port(port).implicit_tls();
        let connection = submission.connect().await.expect("of the system");
        assert_eq!(connection.security().expect("TLS").resumed, is_later);
    }
}

/// Sessions up to EHLO, one after the other.
async fn serve(listener: TcpListener, config: ServerConfig) -> std::io::Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(acceptor.accept(stream).await?);
        let mut line = String::new();
        stream.write_all(b"220 mail.example.test\r\n").await?;
        stream.read_line(&mut line).await?;
        stream.write_all(b"250 mail.example.test\r\n").await?;
        let _ = stream.read_to_string(&mut line).await;
    }
}

/// A configuration of rustls does not show its verifier: the caller says how it verifies.
#[tokio::test(start_paused = true)]
async fn the_statement_of_a_callers_own_configuration() {
    let certificate = Certificate::default();
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(certificate.authority_pem().as_bytes());
    roots.add(root.expect("PEM")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let table = [
        (Verification::Roots, true),
        (Verification::Platform, true),
        (Verification::Pinned, true),
        (Verification::Custom, true),
        (Verification::Unverified, false),
    ];
    for (verification, is_verified) in table {
        let tls = TlsConfig::from_rustls(Arc::clone(&config), verification);
        let login = if is_verified { "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok" } else { "" };
        let script = Script::new("-- tls --").then(&hello(&["AUTH PLAIN"])).then(login);
        let (stream, peer) = script.certificate(&certificate).start();
        let connection = Connection::from_tls_stream(stream, &server(), &tls).await.expect("TLS");
        let security = connection.security().expect("TLS");
        assert_eq!((security.verification, security.verified), (verification, is_verified));
        let login = connection.authenticate(&mut Plain::new("me", "pencil")).await;
        match login {
            Ok(_) => assert!(is_verified, "{verification:?}"),
            Err(TransitionError::Refused(refused)) => {
                assert!(!is_verified && refused.refusal.is_local(), "{verification:?}");
            }
            Err(other) => panic!("{verification:?}: {other}"),
        }
        peer.finish();
    }
}
