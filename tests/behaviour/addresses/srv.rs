//! The servers of a domain, as its SRV records name them.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smtp::error::{Blame, DiscoveryErrorKind as Kind, Fault, HandshakeErrorKind};
use smtp::testing::{Certificate, Script};
use smtp::transport::proxy::HttpConnect;
use smtp::transport::{Resolve, ResolveSrv, SrvAnswer, SrvRecord};
use smtp::{Connection, Error, Lost, Submission, TlsConfig};
use tests::{error, hello};
use tokio::time::sleep;

use super::MILLISECOND;
use super::network::{At, Network, address};

const SUBMISSIONS: &str = "_submissions._tcp.example.test";
const SUBMISSION: &str = "_submission._tcp.example.test";

/// A DNS without sockets.
#[derive(Debug, Default)]
struct Records {
    services: BTreeMap<&'static str, SrvAnswer>,
    hosts: BTreeMap<&'static str, &'static str>,
    asked: Mutex<Vec<String>>,
}

impl Records {
    fn new(
        services: impl IntoIterator<Item = (&'static str, Vec<SrvRecord>)>,
        hosts: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Self {
        let services = services.into_iter().map(|(name, records)| (name, SrvAnswer::new(records)));
        let asked = Mutex::default();
        Self { services: services.collect(), hosts: hosts.into_iter().collect(), asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("the names"))
    }
}

impl ResolveSrv for Records {
    fn resolve_srv<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
        self.asked.lock().expect("the names").push(name.to_owned());
        Box::pin(async move { Ok(self.services.get(name).cloned().unwrap_or_default()) })
    }
}

impl Resolve for Records {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        self.asked.lock().expect("the names").push(name.to_owned());
        Box::pin(async move {
            let ip = self.hosts.get(name).ok_or_else(|| io::Error::other("no such name"))?;
            Ok(vec![SocketAddr::new(ip.parse().expect("an address"), port)])
        })
    }
}

fn mx(port: u16) -> SrvRecord {
    SrvRecord::new("mx.example.net.", port)
}

/// Where `mx.example.net` is.
const MX: (&str, &str) = ("mx.example.net", "192.0.2.1");

fn discover(domain: &str, records: &Arc<Records>, network: &Arc<Network>) -> Submission {
    let name: smtp::grammar::Domain = "client.example.test".parse().expect("a name");
    Submission::discover(domain, Arc::clone(records))
        .resolver(Arc::clone(records))
        .connector(Arc::clone(network))
        .client_name(name)
}

fn in_tls(certificate: &Certificate) -> At {
    let script = Script::new("-- tls --").then(&hello(&[])).then("-- silence --");
    At::Server(script.certificate(certificate))
}

fn by_starttls(certificate: &Certificate) -> At {
    let script = Script::new(&hello(&["STARTTLS"]))
        .then("C: STARTTLS\nS: 220 go\n-- tls --\n")
        .then(&tests::ehlo(&[]))
        .then("-- silence --");
    At::Server(script.certificate(certificate))
}

fn trust(certificate: &Certificate) -> TlsConfig {
    TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("an authority")
}

fn lost(result: Result<impl Sized, Error>) -> Lost {
    match error(result) {
        Error::Lost(lost) => lost,
        error => panic!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn tls_from_the_first_byte_comes_first() {
    let certificate = Certificate::new(&["example.test"]);
    let records = [(SUBMISSIONS, vec![mx(4465)]), (SUBMISSION, vec![mx(4587)])];
    let records = Arc::new(Records::new(records, [MX]));
    let hosts = [(address("192.0.2.1:4465"), in_tls(&certificate))];
    let network = Network::new(MILLISECOND, hosts);
    let submission = discover("example.test", &records, &network).tls(trust(&certificate));
    let connection = submission.connect().await.expect("a session");
    assert_eq!(records.asked(), [SUBMISSIONS, "mx.example.net"]);
    // Mechanisms get the name that was verified.
    assert!(format!("{connection:?}").contains("server: \"example.test\""), "{connection:?}");
    let targets = network.targets();
    assert_eq!((targets[0].host(), targets[0].port()), ("mx.example.net", 4465));

    // The settings say whom TLS verifies.
    let shown = format!("{:?}", submission.accept_target("mx.example.net"));
    assert!(shown.contains("host: \"example.test\""), "{shown}");
    assert!(shown.contains("certificate_is_for: \"the domain\""), "{shown}");
    assert!(shown.contains("or_for_the_targets: [\"mx.example.net\"]"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn starttls_comes_second_and_is_required() {
    let certificate = Certificate::new(&["example.test"]);
    let refused = SrvRecord::new(".", 0);
    // No record, or one that says that it is not offered.
    for first in [Vec::new(), vec![refused]] {
        let records = [(SUBMISSIONS, first), (SUBMISSION, vec![mx(587)])];
        let records = Arc::new(Records::new(records, [MX]));
        let hosts = [(address("192.0.2.1:587"), by_starttls(&certificate))];
        let network = Network::new(MILLISECOND, hosts);
        let submission = discover("example.test.", &records, &network).tls(trust(&certificate));
        let connection = submission.connect().await.expect("a session");
        assert!(connection.security().is_some_and(|security| security.verified));
        assert_eq!(records.asked(), [SUBMISSIONS, SUBMISSION, "mx.example.net"]);
    }

    let records = Arc::new(Records::new([(SUBMISSION, vec![mx(587)])], [MX]));
    let clear = Script::new(&hello(&[])).then("C: QUIT\n-- close --");
    let network = Network::new(MILLISECOND, [(address("192.0.2.1:587"), At::Server(clear))]);
    let refused = error(discover("example.test", &records, &network).connect().await);
    assert!(matches!(refused, Error::Refused(_)), "{refused}");
}

/// The names in the DNS are no proof. The caller, or DNSSEC, may vouch for them.
#[tokio::test(start_paused = true)]
async fn the_domain_is_verified_and_not_what_the_dns_names() {
    let domain = Certificate::new(&["example.test"]);
    let target = Certificate::new(&["mx.example.net"]);
    let at = address("192.0.2.1:465");
    let connect = |certificate: &Certificate, validated: bool, accepted: Option<&str>| {
        let mut records = Records::new([(SUBMISSIONS, vec![mx(465)])], [MX]);
        if validated {
            let answer = records.services.get_mut(SUBMISSIONS).expect("an answer");
            *answer = answer.clone().validated_by_dnssec();
        }
        let network = Network::new(MILLISECOND, [(at, in_tls(certificate))]);
        let mut submission = discover("example.test", &Arc::new(records), &network);
        if let Some(name) = accepted {
            submission = submission.accept_target(name);
        }
        let submission = submission.tls(trust(certificate));
        async move { submission.connect().await }
    };
    let table = [
        (&domain, false, None, Ok("example.test")),
        (&target, false, None, Err("mx.example.net, and not for example.test: ")),
        (&target, false, Some("other.example.net"), Err("and not for example.test: ")),
        (&target, false, Some("MX.example.net."), Ok("mx.example.net")),
        (&domain, false, Some("mx.example.net"), Err("example.test, and not for mx.example.net")),
        (&target, true, None, Ok("mx.example.net")),
        (&domain, true, None, Err("example.test, and not for mx.example.net")),
    ];
    for (certificate, validated, accepted, expected) in table {
        match (connect(certificate, validated, accepted).await, expected) {
            (Ok(connection), Ok(name)) => {
                let shown = format!("{connection:?}");
                assert!(shown.contains(&format!("server: {name:?}")), "{shown}");
            }
            (Err(Error::Lost(lost)), Err(text)) => {
                let kind = lost.handshake().map(smtp::error::HandshakeError::kind);
                assert_eq!(kind, Some(HandshakeErrorKind::WrongName));
                let shown = lost.to_string();
                assert!(shown.contains(text), "{shown}");
                let advice = "; the domain that was asked for is checked, not the name in its SRV \
                              record: if you know that mx.example.net is its server, use \
                              `Submission::accept_target(\"mx.example.net\")`";
                let is_of_domain = text.ends_with("not for example.test: ");
                assert_eq!(shown.contains(advice), is_of_domain, "{shown}");
            }
            (other, expected) => panic!("{validated} {accepted:?}: {other:?}, not {expected:?}"),
        }
    }
}

/// By priority, and by the same rule as the addresses of one host.
#[tokio::test(start_paused = true)]
async fn the_servers_are_tried_in_their_order() {
    let certificate = Certificate::new(&["example.test"]);
    let names = ["a.example.net", "b.example.net", "c.example.net", "d.example.net"];
    let record = |(name, priority)| SrvRecord::new(name, 465).priority(priority);
    let records = [names[3], names[1], names[2], names[0]].into_iter().zip([40, 20, 30, 10]);
    let records = [(SUBMISSIONS, records.map(record).collect())];
    // The name of the second one has no address.
    let hosts = [(names[0], "192.0.2.1"), (names[2], "192.0.2.3"), (names[3], "192.0.2.4")];
    let records = Arc::new(Records::new(records, hosts));
    let ends = At::Server(Script::new("-- close --"));
    let hosts = |last: At| {
        [
            (address("192.0.2.1:465"), At::Refusal),
            (address("192.0.2.3:465"), ends.clone()),
            (address("192.0.2.4:465"), last),
        ]
    };
    let network = Network::new(MILLISECOND, hosts(in_tls(&certificate)));
    let submission = discover("example.test", &records, &network).tls(trust(&certificate));
    submission.connect().await.expect("a session");
    assert_eq!(records.asked(), [SUBMISSIONS, names[0], names[1], names[2], names[3]]);
    let order: Vec<_> = network.targets().iter().map(|target| target.host().to_owned()).collect();
    assert_eq!(order, [names[0], names[2], names[3]]);

    // All of them are listed.
    let network = Network::new(MILLISECOND, hosts(At::Refusal));
    let submission = discover("example.test", &records, &network);
    let all = lost(submission.connect().await);
    let text = all.to_string();
    for part in [
        "192.0.2.1:465: connection refused, after",
        "cannot resolve the name b.example.net: no such name, after",
        "192.0.2.4:465: connection refused, after",
    ] {
        assert!(text.contains(part), "{text}");
    }

    let network = Network::new(MILLISECOND, []);
    let submission = discover("example.test", &Arc::new(Records::new([], [])), &network);
    assert!(matches!(lost(submission.connect().await).fault(), Fault::Discovery(_)));

    // One that a firewall swallows costs a quarter of a second.
    let silent = hosts(in_tls(&certificate)).into_iter().map(|(at, fate)| match fate {
        At::Refusal => (at, At::Silence),
        fate => (at, fate),
    });
    let network = Network::new(MILLISECOND, silent);
    let submission = discover("example.test", &records, &network).tls(trust(&certificate));
    submission.connect().await.expect("a session");
    // Those that have not failed are tried again after the one that did not greet.
    let dialed = network.dialed();
    for ((_, at), expected) in dialed.iter().zip([0, 250, 250, 500]) {
        assert!(at.abs_diff(expected * MILLISECOND) <= 5 * MILLISECOND, "{dialed:?}");
    }
    assert_eq!(dialed.len(), 4, "{dialed:?}");
}

#[tokio::test(start_paused = true)]
async fn servers_without_an_address_are_listed() {
    let records = vec![mx(465), SrvRecord::new("other.example.net", 465).priority(1)];
    let records = Arc::new(Records::new([(SUBMISSIONS, records)], []));
    let network = Network::new(MILLISECOND, []);
    let none = lost(discover("example.test", &records, &network).connect().await);
    assert!(matches!(none.fault(), Fault::Unresolved(_)), "{none:?}");
    let text = none.to_string();
    let expected = "cannot connect to mx.example.net port 465, other.example.net port 465 (SRV \
                    records of example.test): cannot resolve the name mx.example.net: no such \
                    name, after";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!((none.blame(), none.is_transient()), (Blame::Local, true));
}

#[tokio::test(start_paused = true)]
async fn a_domain_without_a_usable_record_is_an_error() {
    let many = (0..1000).map(|port| mx(port + 1)).collect();
    let one = |target: &str, port| vec![SrvRecord::new(target, port)];
    let long = "a.".repeat(130);
    let table = [
        ("not offered", one(".", 0), Kind::NotOffered, "says that it offers no mail submission"),
        ("no record", Vec::new(), Kind::NoRecord, "has no SRV record _submissions._tcp or _sub"),
        (
            "1000 records",
            many,
            Kind::Unusable,
            "lead to no server: there are 1000, and more than 32",
        ),
        ("port 0", one("mx.example.net", 0), Kind::Unusable, "the port of the target mx.exa"),
        (
            "a control character",
            one("mx\r\n.example", 25),
            Kind::Unusable,
            "\\r\\n.example\" holds",
        ),
        ("an address", one("192.0.2.1", 25), Kind::Unusable, "the target 192.0.2.1 is no name"),
        ("an empty target", one("", 25), Kind::Unusable, "the target \"\" is empty"),
        ("a URL", one("http://me:pencil@x", 25), Kind::Unusable, "<redacted>@x\" is a URL"),
        ("a long one", one(&long, 25), Kind::Unusable, "more than the 253 bytes of a DNS name"),
        ("an escape", one("mx\\010.example", 25), Kind::Unusable, "holds '\\\\'"),
    ];
    for (name, records, kind, text) in table {
        let records = Arc::new(Records::new([(SUBMISSIONS, records)], []));
        let network = Network::new(MILLISECOND, []);
        let lost = lost(discover("example.test", &records, &network).connect().await);
        let Fault::Discovery(error) = lost.fault() else { panic!("{name}: {lost:?}") };
        assert_eq!(error.kind(), kind, "{name}");
        assert!(lost.to_string().contains(text), "{name}: {lost}");
        assert!(lost.to_string().contains("example.test"), "{name}: {lost}");
        assert!(!lost.to_string().contains("pencil"), "{name}: {lost}");
        assert!(!lost.is_transient(), "{name}");
        let is_theirs = kind == Kind::Unusable;
        assert_eq!(lost.blame(), if is_theirs { Blame::Server } else { Blame::Caller }, "{name}");
    }
}

/// One record that cannot be used takes nothing from the others, and none leads in a circle.
#[tokio::test(start_paused = true)]
async fn a_target_is_a_host_and_no_more() {
    let certificate = Certificate::new(&["example.test"]);
    let records = vec![
        SrvRecord::new("bad name", 465),
        SrvRecord::new(SUBMISSIONS, 465).priority(1),
        SrvRecord::new("my_host.example.net.", 465).priority(2),
        SrvRecord::new("my_host.example.net", 465).priority(3),
    ];
    let hosts = [("my_host.example.net", "192.0.2.1")];
    let records = Arc::new(Records::new([(SUBMISSIONS, records)], hosts));
    let network = Network::new(MILLISECOND, [(address("192.0.2.1:465"), in_tls(&certificate))]);
    let submission = discover("example.test", &records, &network).tls(trust(&certificate));
    submission.connect().await.expect("a session");
    assert_eq!(records.asked(), [SUBMISSIONS, SUBMISSIONS, "my_host.example.net"]);
}

#[tokio::test(start_paused = true)]
async fn other_settings_stand() {
    let certificate = Certificate::new(&["example.test"]);
    let all = || {
        let records = [(SUBMISSIONS, vec![mx(465)]), (SUBMISSION, vec![mx(587)])];
        Arc::new(Records::new(records, [MX]))
    };
    let network = Network::new(
        MILLISECOND,
        [
            (address("192.0.2.1:465"), in_tls(&certificate)),
            (address("192.0.2.1:4465"), in_tls(&certificate)),
            (address("192.0.2.1:587"), by_starttls(&certificate)),
        ],
    );
    let tls = trust(&certificate);

    let records = all();
    let submission = discover("example.test", &records, &network).tls(tls.clone()).port(4465);
    submission.connect().await.expect("a session at the port that was asked for");

    let records = Arc::new(Records::new([(SUBMISSION, vec![mx(587)])], [MX]));
    let submission = discover("example.test", &records, &network).implicit_tls();
    let none = lost(submission.connect().await);
    assert!(none.to_string().contains("has no SRV record _submissions._tcp: ask"), "{none}");
    assert_eq!(records.asked(), [SUBMISSIONS]);

    let records = all();
    let clear = discover("example.test", &records, &network).without_tls();
    let _: Connection<smtp::state::Greeted> = clear.connect().await.expect("a session");
    assert_eq!(records.asked(), [SUBMISSION, "mx.example.net"]);

    let records = all();
    let at = discover("example.test", &records, &network).at([address("192.0.2.1:587")]);
    at.tls(tls).connect().await.expect("a session at the address");
    assert!(records.asked().is_empty());

    #[cfg(unix)]
    {
        let socket = discover("example.test", &records, &network).unix_socket("/no/such/socket");
        let none = lost(socket.connect().await);
        assert!(none.to_string().contains("the socket \"/no/such/socket\""), "{none}");
        assert!(records.asked().is_empty());
    }
}

/// Two records of one host are one server where the port is the caller's.
#[tokio::test(start_paused = true)]
async fn a_host_is_tried_once_at_the_port_that_was_asked_for() {
    let records = Arc::new(Records::new([(SUBMISSIONS, vec![mx(465), mx(4465)])], [MX]));
    let network = Network::new(MILLISECOND, [(address("192.0.2.1:2465"), At::Refusal)]);
    let submission = discover("example.test", &records, &network).port(2465);
    let refused = lost(submission.connect().await);
    assert_eq!(network.dialed().len(), 1, "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_domain_is_a_name() {
    let network = Network::new(MILLISECOND, []);
    let records = Arc::new(Records::new([], []));
    let long = format!("{}test", "a.".repeat(119));
    for (domain, text) in [
        ("192.0.2.1", "is an address, and only domains have SRV records"),
        ("me@example.test", "is a mail address"),
        (&*long, "is too long for SRV records"),
        ("", "is empty"),
    ] {
        let wrong = lost(discover(domain, &records, &network).connect().await);
        assert!(matches!(wrong.fault(), Fault::InvalidHost(_)), "{wrong:?}");
        assert!(wrong.to_string().contains(text), "{wrong}");
        assert!(records.asked().is_empty());
    }
    let accepted = discover("example.test", &records, &network).accept_target("a b");
    let wrong = lost(accepted.connect().await);
    assert!(wrong.to_string().contains("the host \"a b\" holds a space"), "{wrong}");

    // U-labels are looked up as A-labels.
    lost(discover("m\u{e4}il.test", &records, &network).connect().await);
    assert_eq!(records.asked()[0], "_submissions._tcp.xn--mil-qla.test");
}

#[derive(Debug)]
struct Mute;

impl ResolveSrv for Mute {
    fn resolve_srv<'a>(
        &'a self,
        _name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
        Box::pin(std::future::pending())
    }
}

/// A resolver that does not answer has the whole time.
#[tokio::test(start_paused = true)]
async fn records_are_looked_up_in_the_time_for_connecting() {
    let began = tokio::time::Instant::now();
    let lost = lost(Submission::discover("example.test", Mute).connect().await);
    let took = began.elapsed();
    assert!(took.abs_diff(Duration::from_secs(30)) < 5 * MILLISECOND, "{took:?}");
    let expected = "cannot resolve the name _submissions._tcp.example.test: no answer in the time";
    assert!(lost.to_string().starts_with(expected), "{lost}");
    assert_eq!((lost.blame(), lost.is_transient()), (Blame::Local, true));
}

/// A resolver that takes ten seconds for each answer.
#[derive(Debug)]
struct Slow(Records);

impl ResolveSrv for Slow {
    fn resolve_srv<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
        Box::pin(async move {
            sleep(Duration::from_secs(10)).await;
            self.0.resolve_srv(name).await
        })
    }
}

impl Resolve for Slow {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            sleep(Duration::from_secs(10)).await;
            self.0.resolve(name, port).await
        })
    }
}

/// Records, names, the stream, and what a proxy says byte by byte have one deadline.
#[tokio::test(start_paused = true)]
async fn slow_steps_share_the_time_for_connecting() {
    const PROXY: (&str, &str) = ("proxy.example.test", "192.0.2.2");
    let slow = || Arc::new(Slow(Records::new([(SUBMISSIONS, vec![mx(465)])], [MX, PROXY])));
    let drips = (0..100).fold(Script::default().server_raw(*b"HTTP/1.1 200 "), |script, _| {
        script.then("-- wait 1s --").server_raw(*b"O")
    });
    let network = Network::new(
        MILLISECOND,
        [
            (address("192.0.2.1:465"), At::Silence),
            (address("192.0.2.2:3128"), At::Server(drips.then("-- silence --"))),
        ],
    );
    let proxy = HttpConnect::new(PROXY.0, 3128).resolver(slow()).connector(Arc::clone(&network));
    let direct = Submission::discover("example.test", slow()).resolver(slow());
    let attempts = [direct.clone().connector(Arc::clone(&network)), direct.connector(proxy)];
    for submission in attempts {
        let began = tokio::time::Instant::now();
        let lost = lost(submission.connect().await);
        let took = began.elapsed();
        assert!(took.abs_diff(Duration::from_secs(30)) < 5 * MILLISECOND, "{took:?}: {lost}");
    }
    assert_eq!(network.dialed().len(), 2);
}
