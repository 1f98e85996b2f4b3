//! The resolver that speaks DNS itself, with a server of the test's own.

use std::net::IpAddr;
use std::sync::Arc;

use smtp::error::{Blame, DiscoveryErrorKind, Fault};
use smtp::testing::{CaptureServer, Certificate, Script};
use smtp::transport::hickory_resolver::TokioResolver;
use smtp::transport::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig,
};
use smtp::transport::hickory_resolver::net::runtime::TokioRuntimeProvider;
use smtp::transport::{Family, HickoryResolver, Resolve, ResolveSrv, SrvAnswer, SrvRecord};
use smtp::{Connection, Error, Lost, Submission, TlsConfig};
use tests::{Dns, DnsAnswer, error, hello, server_named};

use super::MILLISECOND;
use super::network::{At, Network, address};

/// A resolver that asks this server alone, by UDP and once.
fn resolver(dns: &Dns) -> HickoryResolver {
    let mut connection = ConnectionConfig::udp();
    connection.port = dns.address().port();
    let server = NameServerConfig::new(dns.address().ip(), true, vec![connection]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let provider = TokioRuntimeProvider::default();
    let mut builder = TokioResolver::builder_with_config(config, provider);
    builder.options_mut().attempts = 0;
    builder.build().expect("a resolver").into()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect(text)
}

fn lost(result: Result<impl Sized, Error>) -> Lost {
    match error(result) {
        Error::Lost(lost) => lost,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn both_families_are_asked_for() {
    let dns = Dns::start(|name, of| match (name, of) {
        ("mail.example.test", "A") => DnsAnswer::Addresses(vec![ip("192.0.2.1"), ip("192.0.2.2")]),
        ("mail.example.test", "AAAA") => DnsAnswer::Addresses(vec![ip("2001:db8::1")]),
        _ => DnsAnswer::NoName,
    })
    .await;
    let resolver = resolver(&dns);
    let greets = Script::new(&hello(&[])).then("-- silence --");
    let at = address("192.0.2.2:25");
    let refused = [address("[2001:db8::1]:25"), address("192.0.2.1:25")];
    let hosts = refused.map(|at| (at, At::Refusal)).into_iter().chain([(at, At::Server(greets))]);
    let network = Network::new(MILLISECOND, hosts);
    let server = server_named("mail.example.test", 25)
        .resolver(resolver.clone())
        .connector(Arc::clone(&network));
    Connection::connect(&server).await.expect("a session");
    assert_eq!(network.targets().len(), 3);
    let mut asked = dns.asked();
    asked.sort();
    assert_eq!(asked, ["A mail.example.test", "AAAA mail.example.test"]);

    // Answers are kept for as long as they say. With a dot at its end a name is whole.
    let found = resolver.resolve("mail.example.test.", 465).await.expect("addresses");
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|address| address.port() == 465));
    let v6 = resolver.resolve_family("mail.example.test", 25, Family::Ipv6).await;
    assert_eq!(v6.expect("one address"), [address("[2001:db8::1]:25")]);
    assert_eq!(dns.asked().len(), 2);
    assert_eq!(format!("{resolver:?}"), "HickoryResolver(..)");
}

#[tokio::test]
async fn a_name_without_an_address_is_told_from_a_server_that_fails() {
    let dns = Dns::start(|name, of| match (name, of) {
        ("fails.example.test", _) | ("half.example.test", "AAAA") => DnsAnswer::Failure,
        ("half.example.test", _) => DnsAnswer::Addresses(vec![ip("192.0.2.1")]),
        ("empty.example.test", _) => DnsAnswer::NoData,
        _ => DnsAnswer::NoName,
    })
    .await;
    let resolver = resolver(&dns);
    let network = Network::new(MILLISECOND, [(address("192.0.2.1:25"), At::Refusal)]);
    let text = |host: &str| {
        let server =
            server_named(host, 25).resolver(resolver.clone()).connector(Arc::clone(&network));
        async move { lost(Connection::connect(&server).await) }
    };
    for host in ["none.example.test.", "empty.example.test."] {
        let none = text(host).await;
        let expected = format!("cannot resolve the name {host}: the name has no address; check");
        assert!(none.to_string().starts_with(&expected), "{none}");
        assert_eq!((none.blame(), none.is_transient()), (Blame::Local, true));
    }
    let fails = text("fails.example.test.").await.to_string();
    assert!(fails.contains(": IPv6: the DNS server answers Server Failure; IPv4: the"), "{fails}");

    let half = text("half.example.test.").await;
    assert!(matches!(half.fault(), Fault::Unreachable(_)), "{half:?}");
    assert!(
        half.to_string().contains("IPv6: the DNS server answers Server Failure, after"),
        "{half}"
    );
}

#[tokio::test]
async fn a_domain_leads_to_its_server() {
    let certificate = Certificate::new(&["example.test"]);
    let server = CaptureServer::builder().implicit_tls().certificate(&certificate);
    let server = server.start().await.expect("a server");
    let port = server.port();
    let dns = Dns::start(move |name, of| match (name, of) {
        ("_submissions._tcp.example.test", "SRV") => {
            DnsAnswer::Srv(vec![(20, 7, 1, "backup.example.net"), (10, 0, port, "mx.example.net")])
        }
        ("_submissions._tcp.none.example.test", "SRV") => DnsAnswer::Srv(vec![(0, 0, 0, ".")]),
        ("_submissions._tcp.fails.example.test", "SRV") => DnsAnswer::Failure,
        ("mx.example.net", "A") => DnsAnswer::Addresses(vec![ip("127.0.0.1")]),
        ("mx.example.net", "AAAA") => DnsAnswer::NoData,
        _ => DnsAnswer::NoName,
    })
    .await;
    let resolver = resolver(&dns);
    let tls = TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("a root");
    let discover = |domain: &str| {
        let submission = Submission::discover(domain, resolver.clone()).resolver(resolver.clone());
        submission.tls(tls.clone())
    };
    let connection = discover("example.test").connect().await.expect("a session");
    connection.quit().await.expect("QUIT");

    let kind = |lost: &Lost| match lost.fault() {
        Fault::Discovery(error) => Some(error.kind()),
        _ => None,
    };
    let none = lost(discover("none.example.test").connect().await);
    assert_eq!(kind(&none), Some(DiscoveryErrorKind::NotOffered), "{none}");
    let unknown = lost(discover("unknown.example.test").connect().await);
    assert_eq!(kind(&unknown), Some(DiscoveryErrorKind::NoRecord), "{unknown}");
    let fails = lost(discover("fails.example.test").connect().await);
    assert!(matches!(fails.fault(), Fault::Unresolved(_)), "{fails:?}");
    let text = fails.to_string();
    assert!(text.starts_with("cannot resolve the name _submissions._tcp.fails.example.test: the"));

    let answer = resolver.resolve_srv("_submissions._tcp.example.test").await.expect("records");
    let backup = SrvRecord::new("backup.example.net.", 1).priority(20).weight(7);
    let first = SrvRecord::new("mx.example.net.", port).priority(10);
    assert_eq!(answer, SrvAnswer::new([backup, first]));
}

/// It needs a runtime, and says so.
#[test]
fn without_a_runtime_it_is_an_error() {
    use std::task::{Context, Poll, Waker};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let resolver = runtime.block_on(async {
        let dns = Dns::start(|_, _| DnsAnswer::NoName).await;
        resolver(&dns)
    });
    let server = server_named("mail.example.test", 25).resolver(resolver);
    let mut connect = std::pin::pin!(Connection::connect(&server));
    let polled = connect.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(result) = polled else { panic!("it waits") };
    assert!(matches!(lost(result).fault(), Fault::NoRuntime));
}
