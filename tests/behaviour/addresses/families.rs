//! Resolvers that answer for each family of addresses by itself (RFC 8305 §3).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smtp::connect::Families;
use smtp::error::Fault;
use smtp::transport::{Family, Resolve};
use smtp::{Connection, Error, Server};
use tests::error;
use tokio::time::sleep;

use super::MILLISECOND;
use super::network::{At, Network, address};

/// The answer for a family, and the time that it takes.
type Answer = (u32, Result<&'static str, &'static str>);

/// No answer.
const NEVER: Answer = (u32::MAX, Ok(""));

#[derive(Debug)]
struct ByFamily {
    v6: Answer,
    v4: Answer,
    asked: Mutex<Vec<Family>>,
}

impl ByFamily {
    fn new(v6: Answer, v4: Answer) -> Arc<Self> {
        Arc::new(Self { v6, v4, asked: Mutex::default() })
    }
}

impl Resolve for ByFamily {
    fn resolve<'a>(
        &'a self,
        _name: &'a str,
        _port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        panic!("each family is asked for by itself")
    }

    fn asks_by_family(&self) -> bool {
        true
    }

    fn resolve_family<'a>(
        &'a self,
        _name: &'a str,
        _port: u16,
        family: Family,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        self.asked.lock().expect("the families").push(family);
        let (millis, answer) = if family == Family::Ipv6 { self.v6 } else { self.v4 };
        Box::pin(async move {
            sleep(millis * MILLISECOND).await;
            match answer {
                Ok(texts) => Ok(super::network::addresses(texts)),
                Err(text) => Err(io::Error::other(text)),
            }
        })
    }
}

const V6: &str = "[2001:db8::1]:25";
const V6S: &str = "[2001:db8::1]:25 [2001:db8::2]:25";
const V4: &str = "192.0.2.1:25";
const V4S: &str = "192.0.2.1:25 192.0.2.2:25";

fn server(resolver: &Arc<ByFamily>, network: &Arc<Network>) -> Server {
    tests::server().resolver(Arc::clone(resolver)).connector(Arc::clone(network))
}

/// The attempts, in milliseconds since the look-up began, where no server answers.
async fn attempts(v6: Answer, v4: Answer, families: Families) -> Vec<(SocketAddr, Duration)> {
    let network = Network::new(MILLISECOND, []);
    let server = server(&ByFamily::new(v6, v4), &network).families(families);
    error(Connection::connect(&server).await);
    network.dialed()
}

#[tokio::test(start_paused = true)]
async fn one_family_does_not_wait_long_for_the_other() {
    use Families::{PreferIpv4, PreferIpv6};
    let table: [(&str, Answer, Answer, Families, &[(&str, u32)]); 10] = [
        ("at once", (0, Ok(V6)), (0, Ok(V4)), PreferIpv6, &[(V6, 0), (V4, 250)]),
        ("IPv6 first", (10, Ok(V6)), (40, Ok(V4)), PreferIpv6, &[(V6, 10), (V4, 260)]),
        ("within the delay", (50, Ok(V6)), (10, Ok(V4)), PreferIpv6, &[(V6, 50), (V4, 300)]),
        ("after the delay", (200, Ok(V6)), (10, Ok(V4)), PreferIpv6, &[(V4, 60), (V6, 310)]),
        ("long after it", (900, Ok(V6)), (10, Ok(V4)), PreferIpv6, &[(V4, 60), (V6, 900)]),
        ("IPv4 long after", (10, Ok(V6)), (400, Ok(V4)), PreferIpv6, &[(V6, 10), (V4, 400)]),
        ("IPv6 never", NEVER, (10, Ok(V4)), PreferIpv6, &[(V4, 60)]),
        ("no IPv6", (30, Ok("")), (10, Ok(V4)), PreferIpv6, &[(V4, 30)]),
        ("IPv6 fails", (30, Err("no")), (10, Ok(V4)), PreferIpv6, &[(V4, 30)]),
        ("IPv4 preferred", (10, Ok(V6)), (90, Ok(V4)), PreferIpv4, &[(V6, 60), (V4, 310)]),
    ];
    for (name, v6, v4, families, expected) in table {
        let dialed = attempts(v6, v4, families).await;
        let addresses: Vec<_> = dialed.iter().map(|(address, _)| *address).collect();
        let expected_addresses: Vec<_> = expected.iter().map(|(text, _)| address(text)).collect();
        assert_eq!(addresses, expected_addresses, "{name}");
        for ((_, at), (_, millis)) in dialed.iter().zip(expected) {
            assert!(at.abs_diff(*millis * MILLISECOND) <= 3 * MILLISECOND, "{name}: {dialed:?}");
        }
    }
}

/// Addresses that come later are of the family whose turn it is.
#[tokio::test(start_paused = true)]
async fn late_addresses_take_their_turn() {
    let dialed = attempts((200, Ok(V6S)), (10, Ok(V4S)), Families::default()).await;
    let order: Vec<_> = dialed.iter().map(|(address, _)| address.to_string()).collect();
    assert_eq!(order, [&V4S[..12], V6, "192.0.2.2:25", "[2001:db8::2]:25"]);
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_left_out_is_not_asked_for() {
    for (families, family) in
        [(Families::Ipv4Only, Family::Ipv4), (Families::Ipv6Only, Family::Ipv6)]
    {
        let resolver = ByFamily::new((5, Ok(V6)), (5, Ok(V4)));
        let server = server(&resolver, &Network::new(MILLISECOND, [])).families(families);
        error(Connection::connect(&server).await);
        assert_eq!(*resolver.asked.lock().expect("the families"), [family]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_each_family_is_told() {
    let lost = |resolver| async move {
        let refusing = Network::new(MILLISECOND, [(address(V4), At::Refusal)]);
        match error(Connection::connect(&server(&resolver, &refusing)).await) {
            Error::Lost(lost) => lost,
            error => panic!("{error}"),
        }
    };
    let both = lost(ByFamily::new((5, Err("refused")), (9, Err("garbled")))).await;
    assert!(matches!(both.fault(), Fault::Unresolved(_)), "{both:?}");
    assert!(both.to_string().contains("mail.example.test: IPv6: refused; IPv4: garbled; check"));

    let none = lost(ByFamily::new((5, Ok("")), (9, Ok("")))).await;
    assert!(none.to_string().contains("mail.example.test: the name has no address"), "{none}");

    // The addresses that are known were tried.
    let one = lost(ByFamily::new((90, Err("refused")), (9, Ok(V4)))).await;
    assert!(matches!(one.fault(), Fault::Unreachable(_)), "{one:?}");
    let text = one.to_string();
    assert!(text.contains("192.0.2.1:25: connection refused"), "{text}");
    let late = "cannot resolve the name mail.example.test: IPv6: refused, after 9";
    assert!(text.contains(late), "{text}");

    let silent = lost(ByFamily::new(NEVER, NEVER)).await;
    assert!(silent.to_string().contains("no answer in the time for connecting"), "{silent}");
}
