//! The cost of a session with and without the ticket of an earlier one: `setup full|resumed
//! tls1.2|tls1.3 COUNT` opens a session to port 587's kind of server, goes on with STARTTLS and
//! ends, so many times.
//!
//! It prints, as JSON, the bytes of one session on the wire, in both directions. Under callgrind,
//! the instructions of one are those of 20 less those of 10, by ten. The server runs in a process
//! of its own. Its certificate is verified; a session that is resumed is not verified anew, which
//! is most of what a ticket saves. No session is counted before one has left a ticket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use benches::servers::Running;
use smtp::grammar::Domain;
use smtp::state::Verification;
use smtp::{Connection, Server, TlsConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

static SENT: AtomicUsize = AtomicUsize::new(0);
static RECEIVED: AtomicUsize = AtomicUsize::new(0);

/// A socket that counts its bytes.
struct Counted(TcpStream);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.0).poll_read(cx, buffer))?;
        RECEIVED.fetch_add(buffer.filled().len() - before, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.0).poll_write(cx, bytes))?;
        SENT.fetch_add(sent, Relaxed);
        Poll::Ready(Ok(sent))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.0).poll_write_vectored(cx, slices))?;
        SENT.fetch_add(sent, Relaxed);
        Poll::Ready(Ok(sent))
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A server, and what its one client is.
struct Set {
    server: Server,
    sink: Running,
    tls: TlsConfig,
}

impl Set {
    fn new(resumes: bool, options: &[&str]) -> Self {
        let file = std::env::temp_dir().join(format!("setup-{}.pem", std::process::id()));
        let path = file.to_str().expect("a path of text");
        let sink =
            Running::start("sink", &[&["--tls", "--certificate-file", path], options].concat());
        let certificate = CertificateDer::from_pem_file(&file).expect("a certificate");
        let _ = std::fs::remove_file(&file);
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a certificate");
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        if !resumes {
            config.resumption = Resumption::disabled();
        }
        let tls = TlsConfig::from_rustls(Arc::new(config), Verification::Roots);
        let name: Domain = "client.example".parse().expect("a domain");
        let server = Server::new("127.0.0.1", sink.addr.port()).client_name(name);
        Self { server, sink, tls }
    }

    /// One session. Whether it resumed another.
    async fn session(&self) -> bool {
        let socket = TcpStream::connect(self.sink.addr).await.expect("a socket");
        socket.set_nodelay(true).expect("an option");
        let greeted = Connection::from_stream(Counted(socket), &self.server).await.expect("EHLO");
        let secured = greeted.starttls(&self.tls).await.expect("STARTTLS");
        let resumed = secured.security().is_some_and(|security| security.resumed);
        secured.quit().await.expect("QUIT");
        resumed
    }
}

const USAGE: &str = "setup full|resumed tls1.2|tls1.3 COUNT";

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [kind, version, count] = &arguments[..] else { panic!("{USAGE}") };
    let resumes = match &**kind {
        "full" => false,
        "resumed" => true,
        _ => panic!("{USAGE}"),
    };
    let options: &[_] = match &**version {
        "tls1.2" => &["--tls12"],
        "tls1.3" => &[],
        _ => panic!("{USAGE}"),
    };
    let count: usize = count.parse().expect(USAGE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let set = Set::new(resumes, options);
        assert!(!set.session().await, "the first has nothing to resume");
        let before = [&SENT, &RECEIVED].map(|bytes| bytes.load(Relaxed));
        for _ in 0..count {
            assert_eq!(set.session().await, resumes, "{kind}");
        }
        let [sent, received] = [&SENT, &RECEIVED].map(|bytes| bytes.load(Relaxed));
        let each = |now: usize, then: usize| (now - then) as f64 / count as f64;
        println!(
            "{{\"sent\":{:.1},\"received\":{:.1}}}",
            each(sent, before[0]),
            each(received, before[1])
        );
    });
}
