//! The destination: the server as a proxy is told of it.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};

use crate::net::connect::Target;
use crate::net::host::{self, Host};

/// An address, or a name that the proxy looks up. It holds no byte but those of a DNS name, so
/// nothing else can get into a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination<'a> {
    Address(IpAddr, u16),
    Name(Cow<'a, str>, u16),
}

impl<'a> Destination<'a> {
    /// The destination of a connector's target.
    ///
    /// # Errors
    ///
    /// Why it has none: its host is none, or an address in a zone, which this machine alone knows
    /// (RFC 4007 §6).
    pub(super) fn of(target: &'a Target) -> Result<Self, String> {
        const ZONE: &str = "an address with a zone means nothing to it: use one without";
        match target.address() {
            Some(SocketAddr::V6(address)) if address.scope_id() != 0 => return Err(ZONE.to_owned()),
            Some(address) => return Ok(Self::Address(address.ip(), address.port())),
            None => {}
        }
        match host::parse(target.host()) {
            Ok(Host::Address(address)) => Ok(Self::Address(address, target.port())),
            Ok(Host::Name(name)) => Ok(Self::Name(name, target.port())),
            Ok(Host::Zoned(_)) => Err(ZONE.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// `host ":" port`, an IPv6 address in brackets (RFC 3986 §3.2.2).
impl Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address, port) => SocketAddr::new(*address, *port).fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_an_address_or_a_dns_name() {
        let name = |host: &'static str| Target::new(host, 25);
        let at = |address: &str| name("mail.example").at(address.parse().expect(address));
        let table = [
            (name("mail.example"), "mail.example:25"),
            (name("mail.example."), "mail.example.:25"),
            (name("192.0.2.1"), "192.0.2.1:25"),
            (name("2001:db8::1"), "[2001:db8::1]:25"),
            (name("[2001:db8::1]"), "[2001:db8::1]:25"),
            (at("192.0.2.1:587"), "192.0.2.1:587"),
            (at("[2001:db8::1]:587"), "[2001:db8::1]:587"),
        ];
        for (target, text) in table {
            assert_eq!(Destination::of(&target).expect(text).to_string(), text);
        }
        // A U-label whose character ends in the byte of CR.
        #[cfg(feature = "idn")]
        for (host, text) in
            [("m\u{e4}il.example", "xn--mil-qla.example:25"), ("\u{760d}", "xn--2ty:25")]
        {
            assert_eq!(Destination::of(&name(host)).expect(host).to_string(), text);
        }
    }

    #[test]
    fn all_else_is_none() {
        let injected = ["a\r\nX: y", "a\nb", "a b", "a\0b", "a:25", "a/b", "a?b", "a#b", "u@a", ""];
        for host in injected.into_iter().chain(["fe80::1%eth0", "a,b", "a\tb"]) {
            let target = Target::new(host, 25);
            assert!(Destination::of(&target).is_err(), "{host:?}");
        }
        let zone = std::net::SocketAddrV6::new("fe80::1".parse().expect("an address"), 25, 0, 3);
        assert!(Destination::of(&Target::new("a", 25).at(zone.into())).is_err());
    }
}
