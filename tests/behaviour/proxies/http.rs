//! HTTP CONNECT.

use smtp::error::{Blame, Fault, HandshakeErrorKind, ProxyErrorKind as Kind, ProxyReply};
use smtp::testing::{Peer, Script};
use smtp::transport::proxy::HttpConnect;
use smtp::transport::{Connect, Target};
use smtp::{Connection, Error, Server, TlsConfig};
use tests::{error, server, server_named, trust};

use super::{Scripts, ends_early, greets, lies, refused, scripted, session};

const CONNECT: &[u8] = b"CONNECT mail.example.test:25 HTTP/1.1\r\n\
                         Host: mail.example.test:25\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

fn proxy(script: Script) -> (Server, Peer) {
    scripted(script, |way| HttpConnect::new("proxy.example.test", 3128).connector(way))
}

fn asked() -> Script {
    Script::default().client_raw(CONNECT)
}

#[tokio::test(start_paused = true)]
async fn every_2xx_is_success_and_the_bytes_after_its_head_are_the_sessions() {
    let long = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Y: z\r\n".repeat(99));
    let heads: [&[u8]; 8] = [
        OK,
        b"HTTP/1.0 200 OK\r\nVia: 1.0 proxy\r\n\r\n",
        b"HTTP/1.1 204\r\n\r\n",
        b"HTTP/1.1 299 \r\nContent-Length: 1000\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 102 \r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        long.as_bytes(),
    ];
    for head in heads {
        // All of the server's first flight comes in one piece with the head, or each byte alone.
        for fragment in [1, 3, 1 << 20] {
            let script = asked().server_raw(head).then(&greets()).fragmented(fragment);
            let (server, peer) = proxy(script);
            session(&server, &peer).await;
        }
    }
}

/// A greeting of many lines that came with the head is read in as many pieces as the session likes.
#[tokio::test(start_paused = true)]
async fn many_early_bytes_are_kept() {
    let banner = "220-no mail for strangers\r\n".repeat(100);
    let early = [OK, banner.as_bytes(), b"220 hi\r\n"].concat();
    let script = asked().server_raw(early).then(&tests::ehlo(&["PIPELINING"]));
    let (server, peer) = proxy(script);
    session(&server, &peer).await;
}

#[tokio::test(start_paused = true)]
async fn the_request_names_the_server_as_a_url_does() {
    let at = |address: &str| server().at([address.parse().expect(address)]);
    let table = [
        (server_named("mail.example.test.", 587), "mail.example.test.:587"),
        (server_named("m\u{e4}il.example", 25), "xn--mil-qla.example:25"),
        (server_named("192.0.2.25", 25), "192.0.2.25:25"),
        (server_named("2001:db8::19", 465), "[2001:db8::19]:465"),
        (at("192.0.2.25:587"), "192.0.2.25:587"),
        (at("[2001:db8::19]:587"), "[2001:db8::19]:587"),
    ];
    for (server, authority) in table {
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        let script = Script::default().client_raw(request).server_raw(OK).then(&greets());
        let (way, peers) = Scripts::start([script]);
        let proxy = HttpConnect::new("proxy.example.test", 3128).connector(way);
        session(&server.connector(proxy), &peers[0]).await;
    }
}

/// The library checks the host of a server before a connector gets it. One that calls a proxy by
/// itself gets nothing else into a request either.
#[tokio::test(start_paused = true)]
async fn nothing_but_a_host_gets_into_a_request() {
    let hosts = [
        "mail.example.test\r\nX-Injected: 1",
        "mail.example.test HTTP/1.1\r\n\r\nGET /",
        "mail.example.test\nA: b",
        "mail.example.test\rA: b",
        "a b",
        "a\0b",
        "a\tb",
        "a:443 HTTP/1.1",
        "me@mail.example.test",
        "mail.example.test/",
        "fe80::1%eth0",
        "",
    ];
    for host in hosts {
        let (way, _) = Scripts::start([Script::default()]);
        let proxy = HttpConnect::new("proxy.example.test", 3128).connector(way.clone());
        let failed = proxy.connect(&Target::new(host, 25)).await.expect_err(host);
        let failed = smtp::error::ProxyError::find_in(&failed).expect("the proxy's");
        assert_eq!(failed.kind(), Kind::InvalidTarget, "{failed}");
        assert!(!failed.to_string().contains(['\r', '\n', '\0']), "{failed:?}");
        assert!(way.targets().is_empty(), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_go_by_basic() {
    let request = "CONNECT mail.example.test:25 HTTP/1.1\r\nHost: mail.example.test:25\r\n\
                   Proxy-Authorization: Basic bWU6cDpuY2lsw7w=\r\n\r\n";
    let script = Script::default().client_raw(request).server_raw(OK).then(&greets());
    let (server, peer) = scripted(script, |way| {
        HttpConnect::new("proxy.example.test", 3128)
            .credentials("me", "p:ncil\u{fc}")
            .connector(way)
    });
    session(&server, &peer).await;

    let script = Script::default().client_raw(request);
    let script = script.server_raw("HTTP/1.1 407 no\r\nProxy-Authenticate: Negotiate\r\n\r\n");
    let (server, _peer) = scripted(script, |way| {
        HttpConnect::new("proxy.example.test", 3128)
            .credentials("me", "p:ncil\u{fc}")
            .connector(way)
    });
    let refused = refused(&server).await;
    assert_eq!(refused.kind, Kind::CredentialsRefused);
    let text = "407 no (it takes Negotiate; this client has Basic); correct the user";
    assert!(refused.lost.to_string().contains(text), "{}", refused.lost);

    for (user, password) in
        [("m:e", "a"), ("m\ne", "a"), ("me", "a\r\nX-Injected: 1"), ("me", "\0")]
    {
        let (way, _) = Scripts::start([Script::default()]);
        let proxy = HttpConnect::new("proxy.example.test", 3128).credentials(user, password);
        let server = tests::server().connector(proxy.connector(way.clone()));
        assert_eq!(super::refused(&server).await.kind, Kind::InvalidSettings, "{user:?}");
        assert!(way.targets().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn each_status_and_each_lie_is_an_error() {
    let status = |code| Some(ProxyReply::Http(code));
    let endless = [b"HTTP/1.1 200 OK\r\n".as_slice(), &b"X: y\r\n".repeat(4000)].concat();
    let one_line = [b"HTTP/1.1 200 ".as_slice(), &b"y".repeat(40_000)].concat();
    let hints = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(700);
    let many = [b"HTTP/1.1 200 OK\r\n".as_slice(), &b"X: y\r\n".repeat(101), b"\r\n"].concat();
    lies(
        asked,
        proxy,
        &[
            (
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\r\n",
                Kind::CredentialsRequired,
                status(407),
                "407 Proxy Authentication Required (it takes Basic; this client has Basic); give a",
            ),
            (b"HTTP/1.1 401 who\r\n\r\n", Kind::NotPermitted, status(401), "401 who"),
            (b"HTTP/1.1 403 Forbidden\r\n\r\n", Kind::NotPermitted, status(403), "have it permit"),
            (b"HTTP/1.1 404 \r\n\r\n", Kind::NotSupported, status(404), "it may be no proxy"),
            (b"HTTP/1.1 405 no\r\n\r\n", Kind::NotSupported, status(405), "does not know CONNECT"),
            (b"HTTP/1.1 400 no\r\n\r\n", Kind::NotSupported, status(400), "it may be no proxy"),
            (b"HTTP/1.1 301 no\r\nLocation: a\r\n\r\n", Kind::NotSupported, status(301), "301"),
            (b"HTTP/1.1 429 later\r\n\r\n", Kind::Failed, status(429), "try again later"),
            (b"HTTP/1.1 500 oh\r\n\r\n", Kind::Failed, status(500), "see its log"),
            (b"HTTP/1.1 501 no\r\n\r\n", Kind::NotSupported, status(501), "use another proxy"),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\n220 hi\r\n", Kind::TargetUnreachable, status(502), "502"),
            (b"HTTP/1.1 503 no\r\n\r\n", Kind::TargetUnreachable, status(503), "try again later"),
            (b"HTTP/1.0 504 no\r\n\r\n", Kind::TargetUnreachable, status(504), "mail.example.test:25"),
            (b"HTTP/1.1 999 no\r\n\r\n", Kind::NotSupported, status(999), "999"),
            (b"HTTP/1.1 101 no\r\n\r\n", Kind::Protocol, None, "a change of protocols"),
            (b"HTTP/1.1 2000 OK\r\n\r\n", Kind::Protocol, None, "a malformed head"),
            (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", Kind::Protocol, None, "a malformed head"),
            (b"HTTP/1.1 200 OK\r\nA: \x1b\r\n\r\n", Kind::Protocol, None, "a malformed head"),
            (b"HTTP/2 200\r\n\r\n", Kind::Protocol, None, "no HTTP/1 response"),
            (b"\0\0\x12\x04\0\0\0\0\0\0\x03", Kind::Protocol, None, "no HTTP/1 response"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Kind::Protocol, None, "no HTTP/1 response"),
            (b"<html>", Kind::Protocol, None, "check host and port"),
            (b"220 mail.example.test\r\n", Kind::Protocol, None, "no HTTP/1 response"),
            (b"\x05\xff", Kind::Protocol, None, "no HTTP/1 response"),
            (b"\r\nHTTP/1.1 200 OK\r\n\r\n", Kind::Protocol, None, "no HTTP/1 response"),
            (&endless, Kind::Protocol, None, "an endless head"),
            (&one_line, Kind::Protocol, None, "an endless head"),
            (&hints, Kind::Protocol, None, "an endless head"),
            (&many, Kind::Protocol, None, "more than 100 lines of a head"),
        ],
    )
    .await;
    ends_early(proxy, &[(CONNECT, OK)]).await;
}

/// A proxy that never stops is not read further than the limit.
#[tokio::test(start_paused = true)]
async fn an_endless_head_ends() {
    let begun = "HTTP/1.1 200 OK\r\nA: b";
    let table = [(begun, "X: y\r\n"), (begun, "y"), ("", "HTTP/1.1 100 Continue\r\n\r\n")];
    for (begun, piece) in table {
        let script = asked().server_raw(begun).endless(piece);
        let (server, _peer) = proxy(script);
        assert_eq!(refused(&server).await.kind, Kind::Protocol);
    }
}

/// TLS from the first byte begins with the client: nothing of the server's may come before that.
#[tokio::test(start_paused = true)]
async fn early_bytes_are_an_error_where_tls_comes_first() {
    for early in [&b"220 mail.example.test ESMTP\r\n"[..], b"2", b"\x16\x03\x03\0\x02\x02\0"] {
        let script = asked().server_raw([OK, early].concat()).then("-- silence --");
        let (server, peer) = proxy(script);
        let tls =
            TlsConfig::builder().root_pem(peer.authority_pem()).build().expect("an authority");
        let Error::Lost(lost) = error(Connection::connect_tls(&server, &tls).await) else {
            panic!("no session")
        };
        let Fault::Handshake(handshake) = lost.fault() else { panic!("{lost:?}") };
        assert_eq!(handshake.kind(), HandshakeErrorKind::ClearText);
        assert_eq!((lost.blame(), lost.is_transient()), (Blame::Caller, false), "{lost}");
        let source = std::error::Error::source(handshake).expect("what came").to_string();
        assert!(source.starts_with(&format!("{} bytes came before", early.len())), "{source}");
        assert_eq!(peer.raw_written(), CONNECT, "no ClientHello");
    }
}

/// With STARTTLS they are what they are at any server: the session's, up to the reply that TLS
/// follows.
#[tokio::test(start_paused = true)]
async fn tls_begins_where_the_server_has_not_spoken_yet() {
    let script = asked().server_raw(OK).then("-- tls --").then(&greets());
    let (server, peer) = proxy(script);
    let mail = Connection::connect_tls(&server, &trust(&peer)).await.expect("a session");
    assert!(mail.security().expect("TLS").verified);

    let hello = tests::hello(&["STARTTLS"]);
    let script = asked().server_raw(OK).then(&hello);
    let script = script.then("C: STARTTLS\nS: 220 go\n-- tls --").then(&tests::ehlo(&[]));
    let (server, peer) = proxy(script);
    let mail = Connection::connect(&server).await.expect("a session");
    mail.starttls(&trust(&peer)).await.expect("TLS");
}
