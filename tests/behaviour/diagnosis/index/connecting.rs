//! Sessions that do not begin.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use smtp::connect::Families;
use smtp::testing::{Certificate, Script};
use smtp::transport::proxy::Socks5;
use smtp::transport::{Connect, Connected, ResolveSrv, SrvAnswer, SrvRecord, Target};
use smtp::{Connection, Server, Submission, TlsConfig};
use tests::{error, server, trust};

use super::super::certificates;
use super::Seen;

async fn in_clear(script: Script) -> Seen {
    let (stream, _peer) = script.start();
    Seen::of(error(Connection::from_stream(stream, &server()).await))
}

async fn in_tls(script: Script) -> Seen {
    let (stream, peer) = script.start();
    Seen::of(error(Connection::from_tls_stream(stream, &server(), &trust(&peer)).await))
}

pub(super) async fn seen() -> Vec<Seen> {
    let raw = |bytes: &[u8]| Script::default().server_raw(bytes);
    let mut seen = vec![
        in_clear(Script::new("-- close --")).await,
        in_clear(Script::new("-- silence --")).await,
        in_clear(raw(b"\x15\x03\x03\x00\x02\x02\x46")).await,
        in_clear(Script::new("S: HTTP/1.1 400 Bad Request")).await,
        in_tls(Script::new("S: 220 hi")).await,
        in_tls(Script::new("S: HTTP/1.1 400 Bad Request")).await,
        in_tls(Script::new("-- silence --")).await,
        in_tls(raw(b"\x15\x03\x01\x00\x02\x02\x46")).await,
        in_tls(raw(b"\x15\x03\x03\x00\x02\x02\x28")).await,
        in_tls(raw(b"\x15\x03\x03\x00\x02\x02\x70")).await,
        in_tls(Script::new("-- close --")).await,
        std::thread::spawn(without_runtime).join().expect("an error"),
        Seen::of(error(smtp::blocking::Connection::connect(&server()))),
    ];
    for lost in certificates::failures().await {
        seen.push(Seen::of(lost));
    }
    let hosts = ["", "a:25", "smtp://a", "a ", "fe80::1%no-such-zone", "255.255.255.255"];
    for host in hosts {
        let connection = Connection::connect(&Server::new(host, 25)).await;
        seen.push(Seen::of(error(connection)));
    }
    for script in ["S: 421 busy", "-- close --", "S: 450 later\nC: QUIT\n-- close --"] {
        let addresses = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|ip| (ip, 25).into());
        let server = server().at(addresses).connector(AfterRefusal(script));
        seen.push(Seen::of(error(Connection::connect(&server).await)));
    }
    let server = Server::new("192.0.2.1", 25).families(Families::Ipv6Only);
    seen.push(Seen::of(error(Connection::connect(&server).await)));
    for domain in ["refused.example", "none.example", "broken.example", "mail.example.com"] {
        seen.push(discovered(domain).await);
    }
    #[cfg(unix)]
    {
        let server = Server::new("localhost", 25).unix_socket("/no/such/socket");
        seen.push(Seen::of(error(Connection::connect(&server).await)));
    }
    // Bound and dropped: no server listens there now.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    seen.push(Seen::of(error(Connection::connect(&Server::new("127.0.0.1", port)).await)));
    let through = tests::server().connector(Socks5::new("127.0.0.1", port));
    seen.push(Seen::of(error(Connection::connect(&through).await)));
    seen
}

/// No server at the first address, and one with this script at every other.
#[derive(Debug)]
struct AfterRefusal(&'static str);

impl Connect for AfterRefusal {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        let first = target.address() == Some(([192, 0, 2, 1], 25).into());
        Box::pin(async move {
            if first {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Ok(Connected::new(Script::new(self.0).start().0))
        })
    }
}

/// The error of a domain with these records.
async fn discovered(domain: &str) -> Seen {
    let certificate = Certificate::new(&["mx.example.net"]);
    let tls = TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("a root");
    let submission = Submission::discover(domain, Records(certificate.clone()));
    let submission = submission.connector(Records(certificate)).tls(tls);
    Seen::of(error(submission.connect().await))
}

/// Records that lead nowhere, but for one domain: to a server with this certificate.
#[derive(Debug)]
struct Records(Certificate);

impl ResolveSrv for Records {
    fn resolve_srv<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
        let target = match name {
            "_submissions._tcp.refused.example" => Some("."),
            "_submissions._tcp.broken.example" => Some("a b"),
            "_submissions._tcp.mail.example.com" => Some("mx.example.net"),
            _ => None,
        };
        let records = target.map(|target| SrvRecord::new(target, 465));
        Box::pin(async move { Ok(SrvAnswer::new(records)) })
    }
}

impl Connect for Records {
    fn connect<'a>(
        &'a self,
        _target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        let script = Script::new("-- tls --").certificate(&self.0);
        Box::pin(async { Ok(Connected::new(script.start().0)) })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

fn without_runtime() -> Seen {
    let server = Server::new("localhost", 25);
    let mut connect = std::pin::pin!(Connection::connect(&server));
    match connect.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Seen::of(error(result)),
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

fn authority() -> String {
    Certificate::default().authority_pem().to_owned()
}

/// Configurations of TLS that cannot be made.
pub(super) fn configurations() -> Vec<Seen> {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let builders = [
        TlsConfig::builder().root_pem("no PEM"),
        TlsConfig::builder().root_pem("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----"),
        TlsConfig::builder().client_certificate_pem("no PEM", key),
        TlsConfig::builder().pin_key_sha256("no hash"),
        TlsConfig::builder().pin_certificate_pem(authority().repeat(2)),
        TlsConfig::builder().pin_certificate_pem(authority()).root_pem(authority()),
        TlsConfig::builder().client_certificate_pem(
            authority(),
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        ),
        TlsConfig::builder()
            .root_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ];
    let failed = builders.map(|builder| builder.build().expect_err("it cannot be made"));
    failed.iter().map(Seen::text).collect()
}
