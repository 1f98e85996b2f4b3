//! Cancelled calls that open a socket of their own. A tunnel stands before the server and carries
//! one connection at a time: it serves the next one only when the last is closed.

use smtp::connect::OpportunisticTls;
use smtp::connection::AnyConnection;
use smtp::testing::{CaptureServer, CaptureServerBuilder};
use smtp::{Connection, Envelope, Plain, Policy, Server, Submission, TlsConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::each_wait::poll_until;

struct Tunnel {
    port: u16,
    server: CaptureServer,
    tls: TlsConfig,
}

impl Tunnel {
    async fn to(server: CaptureServerBuilder) -> Self {
        let server = server.user("me", "pencil").start().await.expect("a server");
        let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let target = server.port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut server = TcpStream::connect(("127.0.0.1", target)).await.expect("a server");
                // Ends when both have nothing more to say, however that came.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
        Self { port, server, tls }
    }

    /// Comes back when every connection before is gone.
    async fn is_free(&self) {
        let mut probe = TcpStream::connect(("127.0.0.1", self.port)).await.expect("the tunnel");
        probe.shutdown().await.expect("an end");
        let mut said = Vec::new();
        let _ = probe.read_to_end(&mut said).await;
    }

    fn submission(&self) -> Submission {
        Submission::new(self.server.host()).tls(self.tls.clone())
    }
}

#[tokio::test]
async fn connect() {
    let tunnel = Tunnel::to(CaptureServer::builder()).await;
    let server = Server::new("127.0.0.1", tunnel.port);
    at_each_wait!(waits => {
        let done = poll_until(Connection::connect(&server), waits).await.is_some();
        tunnel.is_free().await;
        done
    });
}

#[tokio::test]
async fn connect_tls() {
    let tunnel = Tunnel::to(CaptureServer::builder().implicit_tls()).await;
    let server = Server::new(tunnel.server.host(), tunnel.port);
    at_each_wait!(waits => {
        let call = Connection::connect_tls(&server, &tunnel.tls);
        let done = poll_until(call, waits).await.is_some();
        tunnel.is_free().await;
        done
    });
}

#[tokio::test]
async fn connect_lmtp() {
    let tunnel = Tunnel::to(CaptureServer::builder().lmtp()).await;
    let server = Server::new("127.0.0.1", tunnel.port);
    at_each_wait!(waits => {
        let done = poll_until(Connection::connect_lmtp(&server), waits).await;
        let done = done.map(|connected| drop(connected.expect("a session"))).is_some();
        tunnel.is_free().await;
        done
    });
    let tunnel = Tunnel::to(CaptureServer::builder().lmtp().implicit_tls()).await;
    let server = Server::new(tunnel.server.host(), tunnel.port);
    at_each_wait!(waits => {
        let call = Connection::connect_lmtp_tls(&server, &tunnel.tls);
        let done = poll_until(call, waits).await;
        let done = done.map(|connected| drop(connected.expect("a session"))).is_some();
        tunnel.is_free().await;
        done
    });
}

#[tokio::test]
async fn submission() {
    let tunnel = Tunnel::to(CaptureServer::builder()).await;
    at_each_wait!(waits => {
        let submission = tunnel.submission().port(tunnel.port);
        let done = poll_until(submission.connect(), waits).await.is_some();
        tunnel.is_free().await;
        done
    });
    at_each_wait!(waits => {
        let submission = tunnel.submission().port(tunnel.port).auth(Plain::new("me", "pencil"));
        let done = poll_until(submission.connect(), waits).await.is_some();
        tunnel.is_free().await;
        done
    });
}

#[tokio::test]
async fn connect_and_deliver() {
    let tunnel = Tunnel::to(CaptureServer::builder()).await;
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    let envelope = envelope.policy(Policy::AllOrNothing);
    at_each_wait!(waits => {
        let submission = tunnel.submission().port(tunnel.port).pipeline_auth();
        let submission = submission.auth(Plain::new("me", "pencil"));
        let done = poll_until(submission.connect_and_deliver(&envelope, "x"), waits).await.is_some();
        tunnel.is_free().await;
        done
    });
}

#[tokio::test]
async fn check() {
    let tunnel = Tunnel::to(CaptureServer::builder()).await;
    at_each_wait!(waits => {
        let submission = tunnel.submission().port(tunnel.port).auth(Plain::new("me", "pencil"));
        let done = poll_until(submission.ehlo_after_auth().check(), waits).await.is_some();
        tunnel.is_free().await;
        done
    });
}

#[tokio::test]
async fn connect_opportunistic() {
    let tunnel = Tunnel::to(CaptureServer::builder()).await;
    let server = Server::new("127.0.0.1", tunnel.port);
    let tls = OpportunisticTls::new().expect("cryptography");
    at_each_wait!(waits => {
        let done = poll_until(AnyConnection::connect_opportunistic(&server, &tls), waits)
            .await
            .is_some();
        tunnel.is_free().await;
        done
    });
}
