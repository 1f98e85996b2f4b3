//! A submission server that keeps the mail, for tests of programs that send some.

mod auth;
mod builder;
mod commands;
mod message;
mod session;
mod transport;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use builder::CaptureServerBuilder;
pub use message::Captured;

use builder::Settings;

/// An SMTP submission server on a port of 127.0.0.1 that keeps every message with its envelope.
///
/// It runs on the tokio runtime that it was started in, and stops when it is dropped.
///
/// It offers PLAIN and LOGIN. Tokens, and credentials that ask for a proof, find no mechanism there:
/// a [`Script`](super::Script) plays any exchange.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use smtp::testing::CaptureServer;
/// use smtp::{Envelope, Plain, Submission, TlsConfig};
///
/// let server = CaptureServer::builder().user("me", "secret").start().await?;
/// let tls = TlsConfig::builder().root_pem(server.authority_pem()).build()?;
/// let mut mail = Submission::new(server.host())
///     .port(server.port())
///     .tls(tls)
///     .auth(Plain::new("me", "secret"))
///     .connect()
///     .await?;
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
/// mail.deliver(&envelope, "Subject: Hello\r\n\r\nHello.\r\n").await?;
///
/// let messages = server.messages();
/// assert_eq!(messages[0].recipients, ["you@example.org"]);
/// assert_eq!(&messages[0].content[..], b"Subject: Hello\r\n\r\nHello.\r\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CaptureServer {
    address: SocketAddr,
    authority: String,
    messages: watch::Receiver<Vec<Captured>>,
    accepting: JoinHandle<()>,
}

impl CaptureServer {
    /// A builder, by default of a server with STARTTLS and without users.
    pub fn builder() -> CaptureServerBuilder {
        CaptureServerBuilder::default()
    }

    async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let authority = settings.certificate.authority_pem().to_owned();
        let settings = Arc::new(settings);
        let (sender, messages) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        let accepting = tokio::spawn(async move {
            // Dropping the set ends the sessions with the server.
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (settings, sender) = (Arc::clone(&settings), Arc::clone(&sender));
                sessions.spawn(session::serve(stream, settings, sender));
                while sessions.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, authority, messages, accepting })
    }

    /// The address that the server listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name that the server's certificate is for.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The port that the server listens at.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The authority of the server's certificate, for clients to trust.
    pub fn authority_pem(&self) -> &str {
        &self.authority
    }

    /// The messages that were taken so far, in order.
    pub fn messages(&self) -> Vec<Captured> {
        self.messages.borrow().clone()
    }

    /// Waits until `count` messages were taken, and returns them.
    pub async fn wait_for(&self, count: usize) -> Vec<Captured> {
        let mut messages = self.messages.clone();
        match messages.wait_for(|taken| taken.len() >= count).await {
            Ok(taken) => taken.clone(),
            Err(_) => self.messages(),
        }
    }
}

impl CaptureServerBuilder {
    /// Starts the server, on the tokio runtime that this is called in.
    ///
    /// # Errors
    ///
    /// When no port can be opened.
    pub async fn start(self) -> io::Result<CaptureServer> {
        CaptureServer::start(self.settings).await
    }
}

impl Drop for CaptureServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
