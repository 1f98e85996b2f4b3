//! How the addresses of a server are found, and whom its certificate must name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use smtp::connect::Families;
use smtp::error::{Blame, Fault};
use smtp::testing::{CaptureServer, Certificate, Script};
use smtp::transport::{Connect, Connected, Resolve, Target};
use smtp::{Connection, Error, Lost, Server, Submission, TlsConfig};
use tests::{error, hello};
use tokio::net::TcpListener;

use super::MILLISECOND;
use super::network::{At, Names, Network, address, addresses};

fn lost(result: Result<impl Sized, Error>) -> Lost {
    match error(result) {
        Error::Lost(lost) => lost,
        error => panic!("{error}"),
    }
}

fn greets() -> At {
    At::Server(Script::new(&hello(&[])).then("-- silence --"))
}

#[tokio::test(start_paused = true)]
async fn a_resolver_of_the_callers_is_asked() {
    let all = addresses("192.0.2.1:2525 192.0.2.2:2525 [2001:db8::1]:2525");
    let names = Names::new(&all);
    let network = Network::new(MILLISECOND, all.iter().map(|address| (*address, At::Refusal)));
    let server = tests::server_named("mail.example.test.", 2525)
        .resolver(Arc::clone(&names))
        .connector(Arc::clone(&network));
    lost(Connection::connect(&server).await);
    assert_eq!(*names.asked.lock().expect("names"), [("mail.example.test.".to_owned(), 2525)]);
    let order = |network: &Network| {
        network.targets().iter().map(|target| target.address().expect("one")).collect::<Vec<_>>()
    };
    assert_eq!(order(&network), [all[2], all[0], all[1]], "IPv6 first, in turn");
    assert!(network.targets().iter().all(|target| target.host() == "mail.example.test."));

    let table = [
        (Families::PreferIpv4, vec![all[0], all[2], all[1]]),
        (Families::Ipv4Only, vec![all[0], all[1]]),
        (Families::Ipv6Only, vec![all[2]]),
    ];
    for (families, expected) in table {
        let network = Network::new(MILLISECOND, all.iter().map(|address| (*address, At::Refusal)));
        let server = server.clone().connector(Arc::clone(&network)).families(families);
        lost(Connection::connect(&server).await);
        assert_eq!(order(&network), expected, "{families:?}");
    }

    // An address needs no resolver.
    let at = address("[2001:db8::1]:2525");
    let network = Network::new(MILLISECOND, [(at, At::Refusal)]);
    let server = Server::new("[2001:db8::1]", 2525).resolver(Arc::clone(&names));
    lost(Connection::connect(&server.connector(Arc::clone(&network))).await);
    assert_eq!(network.targets(), [Target::new("2001:db8::1", 2525).at(at)]);
    assert_eq!(names.asked.lock().expect("names").len(), 4);
}

#[derive(Debug)]
struct Mute;

impl Resolve for Mute {
    fn resolve<'a>(
        &'a self,
        _name: &'a str,
        _port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(std::future::pending())
    }
}

#[derive(Debug)]
struct Slow;

impl Resolve for Slow {
    fn resolve<'a>(
        &'a self,
        _name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Ok(vec![SocketAddr::from(([192, 0, 2, 1], port))])
        })
    }
}

/// The time for connecting holds for the look-up too, and connecting has what is left of it.
#[tokio::test(start_paused = true)]
async fn names_are_looked_up_in_the_time_for_connecting() {
    let began = tokio::time::Instant::now();
    let lost_of = |server: Server| async move { lost(Connection::connect(&server).await) };
    let mute = lost_of(Server::new("mail.example.com", 25).resolver(Mute)).await;
    let took = began.elapsed();
    assert!(took.abs_diff(Duration::from_secs(30)) < 5 * MILLISECOND, "{took:?}");
    assert_eq!(
        mute.to_string(),
        "cannot resolve the name mail.example.com: no answer in the time for connecting \
         (`Timeouts::connect`); check its spelling, and that this machine can ask its resolver"
    );
    assert!(matches!(mute.fault(), Fault::Unresolved(_)), "{mute:?}");
    assert_eq!((mute.blame(), mute.is_transient()), (Blame::Local, true));

    let none = lost_of(Server::new("mail.example.com", 25).resolver(Names::new(&[]))).await;
    assert!(none.to_string().contains("mail.example.com: the name has no address"), "{none}");
    assert!(matches!(none.fault(), Fault::Unresolved(_)), "{none:?}");

    let began = tokio::time::Instant::now();
    let network = Network::new(MILLISECOND, []);
    let slow = Server::new("mail.example.com", 25).resolver(Slow).connector(network);
    let slow = lost_of(slow).await;
    let took = began.elapsed();
    assert!(took.abs_diff(Duration::from_secs(30)) < 5 * MILLISECOND, "{took:?}");
    assert!(slow.to_string().ends_with("192.0.2.1:25: no answer, after 10.0 s"), "{slow}");
}

/// U-labels are looked up, asked for and looked for in the certificate as A-labels.
#[tokio::test(start_paused = true)]
async fn a_name_with_u_labels_is_known_by_its_a_labels() {
    let certificate = Certificate::new(&["xn--mil-qla.example"]);
    let tls = TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("a root");
    let at = address("192.0.2.1:465");
    let script = Script::new("-- tls --").then(&hello(&[])).then("-- silence --");
    let network = Network::new(MILLISECOND, [(at, At::Server(script.certificate(&certificate)))]);
    let names = Names::new(&[at]);
    let server = tests::server_named("m\u{e4}il.example", 465)
        .resolver(Arc::clone(&names))
        .connector(Arc::clone(&network));
    let connection = Connection::connect_tls(&server, &tls).await.expect("a session");
    // Mechanisms get the name of the session.
    let session = format!("{connection:?}");
    assert!(session.contains("server: \"xn--mil-qla.example\""), "{session}");
    assert_eq!(*names.asked.lock().expect("names"), [("xn--mil-qla.example".to_owned(), 465)]);
    assert_eq!(network.targets()[0].host(), "xn--mil-qla.example");
}

/// Where a server is says nothing of who it is.
#[tokio::test]
async fn an_address_does_not_change_whom_to_reach() {
    let certificate = Certificate::new(&["mail.example.test"]);
    let server = CaptureServer::builder().implicit_tls().certificate(&certificate);
    let server = server.start().await.expect("a server");
    let tls = TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("a root");
    let at = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let submission = |host: &str| Submission::new(host).implicit_tls().tls(tls.clone()).at([at]);
    let connection = submission("mail.example.test").connect().await.expect("a session");
    connection.quit().await.expect("QUIT");
    let error = lost(submission("mail.example.com").connect().await);
    assert!(error.handshake().is_some(), "{error}");

    let none = lost(submission("mail.example.test").at([]).connect().await);
    assert_eq!(
        none.to_string(),
        "the host \"mail.example.test\" has no address: `Server::at` was given none"
    );
    assert!(matches!(none.fault(), Fault::InvalidHost(_)), "{none:?}");
    assert_eq!((none.blame(), none.is_transient()), (Blame::Caller, false));
}

#[tokio::test(start_paused = true)]
async fn settings_that_leave_no_address_are_named() {
    let server = Server::new("192.0.2.1", 25).families(Families::Ipv6Only);
    let left_out = lost(Connection::connect(&server).await);
    assert_eq!(
        left_out.to_string(),
        "the host \"192.0.2.1\" has addresses, 192.0.2.1 for one, but the settings leave out each \
         of them: see `Server::families` and `Server::local_address`"
    );
    assert!(matches!(left_out.fault(), Fault::InvalidHost(_)), "{left_out:?}");
}

#[tokio::test(start_paused = true)]
async fn a_local_address_chooses_the_family() {
    let all = addresses("[2001:db8::1]:25 192.0.2.1:25");
    let network = Network::new(MILLISECOND, all.iter().map(|address| (*address, greets())));
    let [v4, v6] = ["192.0.2.99", "2001:db8::99"].map(|text| text.parse::<IpAddr>().expect(text));
    let server = super::network::server_at(&network, &all).local_address(v4);
    Connection::connect(&server).await.expect("a session");
    Connection::connect(&server.local_address(v6)).await.expect("a session");
    let locals = network.targets().iter().map(Target::local_address).collect::<Vec<_>>();
    assert_eq!(locals, [Some(v4), Some(v6)]);
}

/// All of 127.0.0.0/8 is this machine's there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_socket_begins_at_the_local_address() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let local = IpAddr::from([127, 0, 0, 7]);
    let server = Server::new("127.0.0.1", port).local_address(local);
    let (accepted, _) = tokio::join!(listener.accept(), async {
        let connect = Connection::connect(&server);
        tokio::time::timeout(MILLISECOND, connect).await.expect_err("no greeting")
    });
    assert_eq!(accepted.expect("a client").1.ip(), local);

    // A network for documentation (RFC 5737).
    let server = Server::new("127.0.0.1", port).local_address(IpAddr::from([192, 0, 2, 1]));
    let error = lost(Connection::connect(&server).await);
    assert!(matches!(error.fault(), Fault::Local(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("this machine cannot connect from 192.0.2.1: "), "{text}");
}

/// A proxy gets the name as it is, and not the addresses that this machine would find.
#[tokio::test]
async fn a_connector_may_take_names() {
    #[derive(Debug)]
    struct Proxy(tokio::sync::mpsc::UnboundedSender<Target>);

    impl Connect for Proxy {
        fn connect<'a>(
            &'a self,
            target: &'a Target,
        ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
            Box::pin(async {
                self.0.send(target.clone()).expect("a test");
                Err(io::Error::new(
                    io::ErrorKind::ConnectionRefused,
                    "the proxy knows no such name",
                ))
            })
        }

        fn takes_names(&self) -> bool {
            true
        }
    }

    let (targets, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::new("mail.example.test", 25).resolver(Mute).connector(Proxy(targets));
    let unknown = lost(Connection::connect(&server).await);
    let target = seen.recv().await.expect("a target");
    assert_eq!((target.host(), target.port(), target.address()), ("mail.example.test", 25, None));
    let text = unknown.to_string();
    let expected =
        "cannot connect to mail.example.test port 25: the proxy knows no such name, after";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(unknown.attempts()[0].address(), None);

    let at = address("192.0.2.1:587");
    lost(Connection::connect(&server.at([at])).await);
    let target = seen.recv().await.expect("a target");
    assert_eq!((target.host(), target.port()), ("mail.example.test", 587));
    assert_eq!(target.address(), Some(at));
}

/// With a connector and a resolver of the caller's, nothing asks for tokio's runtime.
#[test]
fn other_connectors_need_no_runtime() {
    use std::task::{Context, Poll, Waker};

    #[derive(Debug)]
    struct Ready;

    impl Connect for Ready {
        fn connect<'a>(
            &'a self,
            _target: &'a Target,
        ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
            let script = Script::new(&hello(&[])).then("-- silence --");
            Box::pin(async { Ok(Connected::new(script.start().0)) })
        }
    }

    let names = Names::new(&addresses("192.0.2.1:25"));
    let server = tests::server().resolver(names).connector(Ready);
    let mut connect = std::pin::pin!(Connection::connect(&server));
    let polled = connect.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(_))), "{polled:?}");
}

/// An attempt, or a resolver, that would have to be waited for without end is an error.
#[test]
fn without_timers_nothing_is_waited_for() {
    use std::task::{Context, Poll, Waker};

    let at = addresses("192.0.2.1:25");
    let silent = super::network::server_at(&Network::new(MILLISECOND, []), &at);
    let mute = Server::new("mail.example.com", 25).resolver(Mute);
    for server in [silent, mute] {
        let mut connect = std::pin::pin!(Connection::connect(&server));
        let polled = connect.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(result) = polled else { panic!("it waits") };
        let lost = lost(result);
        assert!(matches!(lost.fault(), Fault::NoTimer(_)), "{lost:?}");
        assert_eq!((lost.blame(), lost.is_transient()), (Blame::Caller, false));
    }
}
