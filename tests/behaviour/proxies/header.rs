//! The header of the PROXY protocol.

use std::net::SocketAddr;

use smtp::Connection;
use smtp::error::ProxyErrorKind;
use smtp::testing::Script;
use smtp::transport::ProxyProtocol;
use smtp::transport::proxy::HttpConnect;
use tests::{server, trust};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::{Scripts, greets, refused, session};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn address(text: &str) -> SocketAddr {
    text.parse().expect(text)
}

fn headers() -> Vec<(ProxyProtocol, Vec<u8>)> {
    let (v4, v4_too) = (address("192.0.2.7:40000"), address("198.51.100.1:25"));
    let (v6, v6_too) = (address("[2001:db8::7]:40000"), address("[2001:db8::1]:25"));
    let v6_bytes = |last: u8| [&b"\x20\x01\x0d\xb8"[..], &[0; 11], &[last]].concat();
    vec![
        (
            ProxyProtocol::v1().between(v4, v4_too),
            b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n".to_vec(),
        ),
        (
            ProxyProtocol::v1().between(v6, v6_too),
            b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 25\r\n".to_vec(),
        ),
        (ProxyProtocol::v1().unnamed(), b"PROXY UNKNOWN\r\n".to_vec()),
        // The stream is no socket: its addresses are not known.
        (ProxyProtocol::v1(), b"PROXY UNKNOWN\r\n".to_vec()),
        (
            ProxyProtocol::v2().between(v4, v4_too),
            [SIGNATURE, b"\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x9c\x40\0\x19"].concat(),
        ),
        (
            ProxyProtocol::v2().between(v6, v6_too),
            [SIGNATURE, b"\x21\x21\0\x24", &v6_bytes(7), &v6_bytes(1), b"\x9c\x40\0\x19"].concat(),
        ),
        (ProxyProtocol::v2().unnamed(), [SIGNATURE, b"\x20\0\0\0"].concat()),
        (ProxyProtocol::v2(), [SIGNATURE, b"\x20\0\0\0"].concat()),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_header_comes_before_the_session() {
    for (connector, header) in headers() {
        let (way, peers) = Scripts::start([Script::default().client_raw(header).then(&greets())]);
        session(&server().connector(connector.connector(way)), &peers[0]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_header_comes_before_tls() {
    for (connector, header) in headers() {
        let script = Script::default().client_raw(header).then("-- tls --").then(&greets());
        let (way, peers) = Scripts::start([script]);
        let server = server().connector(connector.connector(way));
        let mail = Connection::connect_tls(&server, &trust(&peers[0])).await.expect("a session");
        drop(mail);
        peers[0].finish();
    }
}

#[tokio::test]
async fn without_addresses_it_has_those_of_the_socket() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let at = listener.local_addr().expect("an address");
    for version in [ProxyProtocol::v1(), ProxyProtocol::v2()] {
        let server = server().at([at]).connector(version);
        let header = async {
            let (mut client, from) = listener.accept().await.expect("a client");
            let mut header = vec![0; 28];
            client.read_exact(&mut header).await.expect("a header");
            (header, from)
        };
        let (result, (header, from)) = tokio::join!(Connection::connect(&server), header);
        result.expect_err("the server is gone");
        let text = format!("PROXY TCP4 127.0.0.1 127.0.0.1 {} {}\r\n", from.port(), at.port());
        let ports = [from.port().to_be_bytes(), at.port().to_be_bytes()].concat();
        let local = b"\x7f\0\0\x01\x7f\0\0\x01";
        let binary = [SIGNATURE, b"\x21\x11\0\x0c", local, &ports].concat();
        assert!(header == binary || text.as_bytes().starts_with(&header), "{header:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn addresses_of_two_families_have_no_header() {
    let (v4, v6) = (address("192.0.2.7:40000"), address("[2001:db8::1]:25"));
    for connector in [ProxyProtocol::v1(), ProxyProtocol::v2()] {
        let (way, _) = Scripts::start([Script::default()]);
        let connector = connector.between(v4, v6).connector(way.clone());
        let refused = refused(&server().connector(connector)).await;
        assert_eq!(refused.kind, ProxyErrorKind::InvalidSettings);
        let text = "the header of the PROXY protocol cannot be written";
        assert!(refused.lost.to_string().contains(text), "{}", refused.lost);
        assert!(way.targets().is_empty());
    }
}

/// It goes to the server, through whatever is on the way there.
#[tokio::test(start_paused = true)]
async fn the_header_goes_through_a_proxy() {
    let script = Script::default()
        .client_raw("CONNECT mail.example.test:25 HTTP/1.1\r\nHost: mail.example.test:25\r\n\r\n")
        .server_raw("HTTP/1.1 200 OK\r\n\r\n")
        .client_raw("PROXY UNKNOWN\r\n")
        .then(&greets());
    let (way, peers) = Scripts::start([script]);
    let proxy = HttpConnect::new("proxy.example.test", 3128).connector(way);
    session(&server().connector(ProxyProtocol::v1().connector(proxy)), &peers[0]).await;
}
