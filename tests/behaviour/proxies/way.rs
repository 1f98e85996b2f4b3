//! The way to a proxy: its addresses, TLS to it, chains of proxies, time, and the end of a call.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use smtp::connect::Timeouts;
use smtp::error::{Fault, ProxyErrorKind as Kind};
use smtp::testing::{CaptureServer, Certificate, Script};
use smtp::transport::proxy::{HttpConnect, Socks4a, Socks5};
use smtp::transport::{Connect, Connected, Resolve, Target};
use smtp::{Connection, Envelope, Error, Server, TlsConfig};
use tests::{PROXY_PASSWORD, PROXY_USER, Speaks, TestProxy, error, serve_proxy, server, trust};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufWriter};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};

use super::super::tls::{authority, named, signed};
use super::{Scripts, greets, refused, refused_by, session};

const CONNECT: &str = "CONNECT mail.example.test:25 HTTP/1.1\r\nHost: mail.example.test:25\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// A resolver that knows one name, the proxy's.
#[derive(Debug)]
struct Knows(&'static str, Vec<SocketAddr>);

impl Resolve for Knows {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        _port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        assert_eq!(name, self.0);
        Box::pin(async { Ok(self.1.clone()) })
    }
}

/// The way to some addresses, of which all but the last are dead.
#[derive(Debug)]
struct LastIsAlive(Vec<SocketAddr>, Arc<Scripts>);

impl Connect for LastIsAlive {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            if target.address() != self.0.last().copied() {
                pending::<()>().await;
            }
            let connected = self.1.connect(target).await?;
            Ok(connected.from_local(([192, 0, 2, 9], 40_000).into()))
        })
    }
}

/// The proxy's addresses take turns as those of a server do, and nothing of the socket to it is
/// told to the server.
#[tokio::test(start_paused = true)]
async fn the_addresses_of_a_proxy_are_raced() {
    let addresses: Vec<SocketAddr> =
        ["[2001:db8::1]:3128", "192.0.2.1:3128"].map(|text| text.parse().expect(text)).into();
    for by_name in [true, false] {
        let script = Script::default()
            .client_raw(CONNECT)
            .server_raw(OK)
            .then("S: 220 mail.example.test\nC: EHLO [127.0.0.1]\nS: 250-mail\nS: 250 PIPELINING");
        let (scripts, peers) = Scripts::start([script]);
        let way = LastIsAlive(addresses.clone(), scripts.clone());
        let proxy = HttpConnect::new("proxy.example.test", 3128).connector(way);
        let proxy = if by_name {
            proxy.resolver(Knows("proxy.example.test", addresses.clone()))
        } else {
            proxy.at(addresses.clone())
        };
        let began = Instant::now();
        // The server's own name is looked up by no one.
        let server = Server::new("mail.example.test", 25)
            .resolver(Knows("no name", Vec::new()))
            .connector(proxy);
        session(&server, &peers[0]).await;
        assert_eq!(began.elapsed().as_millis() / 10, 25, "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn the_socket_to_a_proxy_has_the_settings_of_the_server() {
    let local = IpAddr::from([192, 0, 2, 9]);
    let script = Script::default().client_raw(CONNECT).server_raw(OK).then(&greets());
    let (way, peers) = Scripts::start([script]);
    let proxy = HttpConnect::new("192.0.2.1", 3128).connector(way.clone());
    let server = server().local_address(local).keepalive(Duration::from_secs(77));
    session(&server.connector(proxy), &peers[0]).await;
    let target = &way.targets()[0];
    assert_eq!(target.local_address(), Some(local));
    assert_eq!(target.keepalive(), Some(Duration::from_secs(77)));
    assert_eq!(target.address(), Some(([192, 0, 2, 1], 3128).into()));
}

/// A way to a proxy that keeps what was written until it is flushed.
#[derive(Debug)]
struct Keeping(Mutex<Option<smtp::testing::ScriptedStream>>);

impl Connect for Keeping {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        let stream = self.0.lock().expect("the stream").take();
        Box::pin(async {
            let stream = stream.ok_or(io::ErrorKind::ConnectionRefused)?;
            Ok(Connected::new(BufWriter::new(stream)))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_said_to_a_proxy_stays_behind() {
    let script = Script::default().client_raw(CONNECT).server_raw(OK).then(&greets());
    let (stream, peer) = script.start();
    let way = Keeping(Mutex::new(Some(stream)));
    let proxy = HttpConnect::new("192.0.2.1", 3128).connector(way);
    session(&server().connector(proxy), &peer).await;
}

/// Of two local addresses the one of the proxy's family is used, whatever the family of the server.
#[tokio::test(start_paused = true)]
async fn a_local_address_is_for_the_way_to_the_proxy() {
    let v4 = IpAddr::from([192, 0, 2, 9]);
    let v6: IpAddr = "2001:db8::9".parse().expect("an address");
    let by_address = "CONNECT [2001:db8::25]:25 HTTP/1.1\r\nHost: [2001:db8::25]:25\r\n\r\n";
    let table = [(CONNECT, "mail.example.test", false), (CONNECT, "mail.example.test", true)];
    let table =
        table.into_iter().chain([false, true].map(|both| (by_address, "2001:db8::25", both)));
    for (request, host, both) in table {
        let script = Script::default().client_raw(request).server_raw(OK).then(&greets());
        let (way, peers) = Scripts::start([script]);
        let proxy = HttpConnect::new("192.0.2.1", 3128).connector(way.clone());
        let name: smtp::grammar::Domain = "client.example.test".parse().expect("a name");
        let server = Server::new(host, 25).client_name(name).local_address(v4);
        let server = if both { server.local_address(v6) } else { server };
        session(&server.connector(proxy), &peers[0]).await;
        let targets = way.targets();
        assert_eq!(targets[0].local_address(), Some(v4), "{host}, both: {both}");
    }
}

/// Each proxy is asked for the next one, by its name.
#[tokio::test(start_paused = true)]
async fn proxies_stand_behind_each_other() {
    let script = Script::default()
        .client_raw(
            "CONNECT middle.example.test:1080 HTTP/1.1\r\nHost: middle.example.test:1080\r\n\r\n",
        )
        .server_raw(OK)
        .client_raw(b"\x05\x01\0")
        .server_raw(b"\x05\0")
        .client_raw(b"\x05\x01\0\x03\x11last.example.test\x04\x38")
        .server_raw(b"\x05\0\0\x01\0\0\0\0\0\0")
        .client_raw(b"\x04\x01\0\x19\0\0\0\x01\0mail.example.test\0")
        .server_raw(b"\0\x5a\0\0\0\0\0\0")
        .then(&greets());
    let (way, peers) = Scripts::start([script]);
    let first = HttpConnect::new("first.example.test", 3128).connector(way.clone());
    let middle = Socks5::new("middle.example.test", 1080).connector(first);
    let last = Socks4a::new("last.example.test", 1080).connector(middle);
    session(&server().connector(last), &peers[0]).await;
    assert_eq!(way.targets()[0].host(), "first.example.test");
}

/// The error is of the proxy that gave no stream, not of the one that waited for it.
#[tokio::test(start_paused = true)]
async fn the_error_of_a_chain_is_that_of_its_part() {
    let script = Script::default()
        .client_raw(
            "CONNECT last.example.test:1080 HTTP/1.1\r\nHost: last.example.test:1080\r\n\r\n",
        )
        .server_raw("HTTP/1.1 407 no\r\n\r\n");
    let (way, _peers) = Scripts::start([script]);
    let first = HttpConnect::new("first.example.test", 3128).connector(way);
    let last = Socks5::new("last.example.test", 1080).connector(first);
    let refused = refused(&server().connector(last)).await;
    assert_eq!(refused.kind, Kind::CredentialsRequired, "{}", refused.lost);
    let proxy = refused.lost.proxy().expect("a proxy").proxy();
    assert_eq!(proxy, "HTTP proxy first.example.test:3128");
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_not_there_is_not_reached() {
    let at = SocketAddr::from(([192, 0, 2, 1], 1080));
    let (way, _) = Scripts::start([]);
    let proxy = Socks5::new("proxy.example.test", 1080).at([at]).connector(way);
    let gone = refused(&server().connector(proxy)).await;
    assert_eq!(gone.kind, Kind::Unreachable);
    assert!(gone.lost.is_transient());
    let text = "cannot connect to mail.example.test port 25: the SOCKS5 proxy \
                proxy.example.test:1080 is not reached: cannot connect to proxy.example.test port \
                1080: 192.0.2.1:1080: connection refused, after 0 ms";
    assert!(gone.lost.to_string().starts_with(text), "{}", gone.lost);

    let none =
        Socks5::new("proxy.example.test", 1080).resolver(Knows("proxy.example.test", vec![]));
    let refused = refused(&server().connector(none)).await;
    assert_eq!(refused.kind, Kind::Unreachable);
    let text = "cannot resolve the name proxy.example.test";
    assert!(refused.lost.to_string().contains(text), "{}", refused.lost);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_none_is_an_error_without_a_secret() {
    for host in ["socks5://me:S3NT1NEL@proxy.example.test", "me:S3NT1NEL@a", "a b", "a:1080", ""] {
        let (way, _) = Scripts::start([Script::default()]);
        let proxy = Socks5::new(host, 1080).connector(way.clone());
        let shown = format!("{proxy:?}");
        let refused = refused(&server().connector(proxy)).await;
        assert_eq!(refused.kind, Kind::InvalidSettings, "{}", refused.lost);
        assert!(way.targets().is_empty());
        for text in [shown, refused.lost.to_string(), format!("{:?}", refused.lost)] {
            assert!(!text.contains("S3NT1NEL"), "{text}");
        }
    }
}

/// Each text that is about a proxy with credentials, whatever it does.
#[tokio::test(start_paused = true)]
async fn no_text_shows_the_credentials() {
    const FORMS: [&str; 5] = ["S3NT1NEL", "UzNOVDFORU", "MzTlQxTkVM", "TM05UMU5FT", "83, 51, 78"];
    let answers: [&[u8]; 6] =
        [b"\x05\x02\x01\x01", b"\x05\xff", b"\x05\x02", b"", b"HTTP/1.1 407 a\r\n\r\n", b"?"];
    for answer in answers {
        let (way, _peers) =
            Scripts::start(std::iter::repeat_n(Script::default(), 2).map(|script| {
                // Whatever the client says is taken.
                script.server_raw(answer).then("-- close --")
            }));
        let socks = Socks5::new("proxy.example.test", 1080).credentials("me", "S3NT1NEL");
        let http = HttpConnect::new("proxy.example.test", 3128).credentials("me", "S3NT1NEL");
        let (socks, http) = (socks.connector(way.clone()), http.connector(way));
        let shown = format!("{socks:?} {socks:#?} {http:?}");
        for server in [server().connector(socks), server().connector(http)] {
            let lost = refused(&server).await.lost;
            let sources = std::iter::successors(std::error::Error::source(&lost), |e| e.source());
            let sources: Vec<_> = sources.map(|e| format!("{e} {e:?}")).collect();
            let text = format!("{shown} {lost} {lost:?} {server:?} {sources:?}");
            assert!(!FORMS.iter().any(|form| text.contains(form)), "{text}");
        }
    }
}

fn tls_proxy(script: Script, host: &str) -> (Server, smtp::testing::Peer) {
    let (way, mut peers) = Scripts::start([script]);
    let tls = trust(&peers[0]);
    let proxy = HttpConnect::new(host, 3129).over_tls(&tls).connector(way);
    (server().connector(proxy), peers.remove(0))
}

#[tokio::test(start_paused = true)]
async fn the_request_may_go_inside_tls() {
    for fragment in [1, 1 << 20] {
        let script = Script::new("-- tls --").client_raw(CONNECT).server_raw(OK).then(&greets());
        let (server, peer) = tls_proxy(script.fragmented(fragment), "localhost");
        session(&server, &peer).await;
    }
}

/// The proxy's name is the one that its certificate must have, not the server's.
#[tokio::test(start_paused = true)]
async fn a_proxy_that_does_not_prove_its_name_gets_nothing() {
    let certificate = Certificate::new(&["proxy.example.test"]);
    let table = [
        (Certificate::default(), "proxy.example.test", "and not for proxy.example.test"),
        (certificate, "localhost", "and not for localhost"),
    ];
    for (certificate, host, text) in table {
        let script = Script::new("-- tls --").certificate(&certificate).client_raw(CONNECT);
        let (server, peer) = tls_proxy(script, host);
        let refused = refused(&server).await;
        assert_eq!(refused.kind, Kind::Tls, "{}", refused.lost);
        assert!(refused.lost.to_string().contains(text), "{}", refused.lost);
        assert!(!refused.lost.is_transient() && peer.written().is_empty(), "{}", peer.dialogue());
        let source = std::error::Error::source(refused.lost.proxy().expect("a proxy"));
        assert!(source.is_some_and(<dyn std::error::Error>::is::<smtp::error::HandshakeError>));
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_does_not_speak_tls_says_so() {
    let table: [(&[u8], &str, Kind, &str); 3] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "-- silence --", Kind::Tls, "leave out `over_tls`"),
        (b"", "-- close --", Kind::Closed, "in the middle of the TLS handshake"),
        (b"\x15\x03\x03\0\x02\x02\x28", "-- silence --", Kind::Tls, "did not come to TLS"),
    ];
    for (answer, end, kind, text) in table {
        let script = Script::default().server_raw(answer).then(end);
        let (server, _peer) = tls_proxy(script, "localhost");
        let refused = refused(&server).await;
        assert_eq!(refused.kind, kind, "{}", refused.lost);
        assert!(refused.lost.to_string().contains(text), "{}", refused.lost);
    }
}

/// The way to a proxy inside TLS that refuses each request; or breaks the handshake off.
#[derive(Debug)]
struct Refuses {
    config: Arc<ServerConfig>,
    breaks_off: AtomicBool,
    resumed: Arc<Mutex<Vec<bool>>>,
}

impl Connect for Refuses {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        let (client, mut stream) = tokio::io::duplex(1 << 16);
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        let (breaks_off, resumed) = (self.breaks_off.load(SeqCst), Arc::clone(&self.resumed));
        tokio::spawn(async move {
            if breaks_off {
                return drop(stream.read(&mut [0; 1024]).await);
            }
            let mut stream = acceptor.accept(stream).await.expect("a handshake");
            let kind = stream.get_ref().1.handshake_kind().expect("it is over");
            resumed.lock().expect("a list").push(kind == HandshakeKind::Resumed);
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
            let _ = stream.shutdown().await;
        });
        Box::pin(async { Ok(Connected::new(client)) })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

/// As of a server: a session that a proxy does not take back is not offered again and again.
#[tokio::test]
async fn a_proxy_that_breaks_off_a_resumption_is_offered_no_other() {
    let authority = authority("the proxy's");
    let config = Arc::new(signed(&named("localhost"), &authority).config);
    let resumed = Arc::default();
    let way = Arc::new(Refuses { config, breaks_off: false.into(), resumed: Arc::clone(&resumed) });
    let tls = TlsConfig::builder().root_pem(authority.pem()).build().expect("an authority");
    let proxy = HttpConnect::new("localhost", 3129).over_tls(&tls).connector(Arc::clone(&way));
    let through = server().connector(proxy);
    for breaks_off in [false, false, true, false, false] {
        way.breaks_off.store(breaks_off, SeqCst);
        refused(&through).await;
    }
    assert_eq!(*resumed.lock().expect("a list"), [false, true, false, false]);
}

/// The session's own TLS goes on inside that of the proxy, and is the server's alone.
#[tokio::test]
async fn tls_goes_inside_tls() {
    let server = CaptureServer::builder().implicit_tls().start().await.expect("a server");
    let authority = authority("the proxy's");
    let shown = signed(&named("localhost"), &authority);
    let acceptor = TlsAcceptor::from(Arc::new(shown.config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let Ok((client, _)) = listener.accept().await else { return };
            let Ok(client) = acceptor.accept(client).await else { continue };
            let _ = serve_proxy(Speaks::Http, client, &seen).await;
        }
    });
    let of_proxy = TlsConfig::builder().root_pem(authority.pem()).build().expect("an authority");
    let of_server = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("one");
    let proxy = HttpConnect::new("localhost", port).credentials(PROXY_USER, PROXY_PASSWORD);
    let through = Server::new(server.host(), server.port())
        .connector(proxy.at([([127, 0, 0, 1], port).into()]).over_tls(&of_proxy));
    let mut mail = Connection::connect_tls(&through, &of_server).await.expect("a session");
    assert!(mail.security().expect("TLS").verified);
    let body = "Subject: inside\r\n\r\n".to_owned() + &"0123456789\r\n".repeat(50_000);
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    mail.deliver(&envelope, body.as_str()).await.expect("delivered");
    mail.quit().await.expect("QUIT");
    assert_eq!(server.messages()[0].content, body.as_bytes());
    assert_eq!(*asked.lock().expect("one"), [format!("{}:{}", server.host(), server.port())]);

    // Neither of the two authorities counts for the other side.
    let error = error(Connection::connect_tls(&through, &of_proxy).await);
    let Error::Lost(lost) = error else { panic!("{error}") };
    assert!(matches!(lost.fault(), Fault::Handshake(_)) && lost.proxy().is_none(), "{lost:?}");
}

/// A proxy that says nothing, or stops somewhere, is given up with the time for connecting.
#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_time_for_connecting() {
    let silent: [&[u8]; 3] = [b"", b"\x05\0", b"HTTP/1.1 200 OK\r\n"];
    for answer in silent {
        let script = Script::default().server_raw(answer).then("-- silence --");
        let (way, peers) = Scripts::start(std::iter::repeat_n(script, 4));
        let tls = trust(&peers[0]);
        let proxy = || way.clone();
        let servers = [
            server().connector(Socks5::new("proxy.example.test", 1080).connector(proxy())),
            server().connector(Socks4a::new("proxy.example.test", 1080).connector(proxy())),
            server().connector(HttpConnect::new("proxy.example.test", 3128).connector(proxy())),
            server().connector(
                Socks5::new("proxy.example.test", 1080).over_tls(&tls).connector(proxy()),
            ),
        ];
        for server in servers {
            let began = Instant::now();
            let mut timeouts = Timeouts::default();
            timeouts.connect = Duration::from_secs(7);
            let error = error(Connection::connect(&server.timeouts(timeouts)).await);
            let Error::Lost(lost) = &error else { panic!("{error}") };
            // Some of the answers are a lie to some of the proxies.
            if lost.proxy().map(smtp::error::ProxyError::kind) == Some(Kind::TimedOut) {
                assert_eq!(began.elapsed().as_millis() / 100, 70, "{lost}");
            }
            let refused = refused_by(error);
            let kinds = [Kind::TimedOut, Kind::Protocol, Kind::Tls];
            assert!(kinds.contains(&refused.kind), "{}", refused.lost);
            assert!(!answer.is_empty() || refused.kind == Kind::TimedOut, "{}", refused.lost);
        }
    }
}

#[tokio::test]
async fn a_dropped_call_closes_the_connection_to_a_proxy() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let server = server().connector(Socks5::new("proxy.example.test", 1080).at([at]));
    let mut accepted = {
        let mut connect = std::pin::pin!(Connection::connect(&server));
        let accept = async {
            let (mut client, _) = listener.accept().await.expect("a client");
            // It is in the middle of what it says to the proxy.
            client.read_exact(&mut [0; 3]).await.expect("the first message");
            client
        };
        tokio::select! {
            result = &mut connect => panic!("{result:?}"),
            accepted = accept => accepted,
        }
    };
    assert_eq!(accepted.read(&mut [0]).await.expect("an end"), 0, "it is closed");
}

#[test]
fn without_a_runtime_there_is_no_socket_to_a_proxy() {
    let server = server().connector(Socks5::new("127.0.0.1", 1080));
    let mut connect = std::pin::pin!(Connection::connect(&server));
    match connect.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(Error::Lost(lost))) => {
            assert!(matches!(lost.fault(), Fault::NoRuntime), "{lost:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn mail_goes_through_each_kind_of_proxy() {
    let server = CaptureServer::builder().starttls().start().await.expect("a server");
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("an authority");
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    let kinds = [Speaks::Socks5, Speaks::Socks4a, Speaks::Http, Speaks::HttpWithGreeting];
    for (index, speaks) in kinds.into_iter().enumerate() {
        let proxy = TestProxy::start(speaks).await;
        let port = proxy.port();
        let through = Server::new(server.host(), server.port());
        let through = match speaks {
            Speaks::Socks5 => through
                .connector(Socks5::new("127.0.0.1", port).credentials(PROXY_USER, PROXY_PASSWORD)),
            Speaks::Socks4a => through.connector(Socks4a::new("127.0.0.1", port)),
            Speaks::Http | Speaks::HttpWithGreeting => through.connector(
                HttpConnect::new("127.0.0.1", port).credentials(PROXY_USER, PROXY_PASSWORD),
            ),
        };
        let greeted = Connection::connect(&through).await.expect("a session");
        let mut mail = greeted.starttls(&tls).await.expect("TLS");
        mail.deliver(&envelope, format!("Subject: {index}\r\n\r\n")).await.expect("delivered");
        mail.quit().await.expect("QUIT");
        assert_eq!(server.messages().len(), index + 1);
        assert_eq!(proxy.asked(), [format!("{}:{}", server.host(), server.port())]);
    }
}
