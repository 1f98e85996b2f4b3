//! Which addresses of a host are tried, and in which order.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv6, the addresses of AAAA records.
    Ipv6,
    /// IPv4, the addresses of A records.
    Ipv4,
}

impl Family {
    pub(super) fn of(address: SocketAddr) -> Self {
        if address.is_ipv6() { Self::Ipv6 } else { Self::Ipv4 }
    }
}

impl Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv6 => "IPv6",
            Self::Ipv4 => "IPv4",
        })
    }
}

/// The families of addresses that a connection may use, and which of them comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Families {
    /// Both in turn, IPv6 first (RFC 8305 §4). It is the default.
    #[default]
    PreferIpv6,
    /// Both in turn, IPv4 first.
    PreferIpv4,
    /// IPv6 alone.
    Ipv6Only,
    /// IPv4 alone.
    Ipv4Only,
}

impl Families {
    /// The family that comes first, and the other one if it may be used.
    pub(super) fn in_order(self) -> (Family, Option<Family>) {
        match self {
            Self::PreferIpv6 => (Family::Ipv6, Some(Family::Ipv4)),
            Self::PreferIpv4 => (Family::Ipv4, Some(Family::Ipv6)),
            Self::Ipv6Only => (Family::Ipv6, None),
            Self::Ipv4Only => (Family::Ipv4, None),
        }
    }

    /// The addresses of these families, each once, the two families in turn for as long as both
    /// have one left (RFC 8305 §4). Within a family the order stays.
    pub(super) fn order(self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        let (mut v6, mut v4) = (Vec::new(), Vec::new());
        // The answer comes from the network, and may be long.
        let mut seen = HashSet::with_capacity(addresses.len());
        for address in addresses.iter().filter(|address| seen.insert(**address)) {
            match Family::of(*address) {
                Family::Ipv6 => v6.push(*address),
                Family::Ipv4 => v4.push(*address),
            }
        }
        let mut of = |family| match family {
            Family::Ipv6 => std::mem::take(&mut v6),
            Family::Ipv4 => std::mem::take(&mut v4),
        };
        let (first, second) = self.in_order();
        let first = of(first);
        in_turn(first, second.map_or_else(Vec::new, of))
    }
}

/// The members of two lists in turn, for as long as both have one left.
pub(super) fn in_turn<T, C: Default + Extend<T>>(
    first: impl IntoIterator<Item = T>,
    second: impl IntoIterator<Item = T>,
) -> C {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = C::default();
    loop {
        let (a, b) = (first.next(), second.next());
        if a.is_none() && b.is_none() {
            return all;
        }
        all.extend(a.into_iter().chain(b));
    }
}

/// The addresses of this machine to connect from: at most one of each family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Local {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

impl Local {
    pub(crate) fn set(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.v4 = Some(address),
            IpAddr::V6(address) => self.v6 = Some(address),
        }
    }

    /// Whether a connection to `address` may begin at one of these. With an address of one family
    /// alone, the other family has none that the caller has agreed to.
    pub(super) fn permits(self, address: SocketAddr) -> bool {
        (self.v4.is_none() && self.v6.is_none()) || self.for_remote(address).is_some()
    }

    /// The address for a target whose own is not known yet. Of two, either may be the wrong one.
    pub(super) fn only(self) -> Option<IpAddr> {
        match (self.v4, self.v6) {
            (Some(v4), None) => Some(v4.into()),
            (None, Some(v6)) => Some(v6.into()),
            _ => None,
        }
    }

    pub(super) fn for_remote(self, address: SocketAddr) -> Option<IpAddr> {
        match address {
            SocketAddr::V4(_) => self.v4.map(IpAddr::V4),
            SocketAddr::V6(_) => self.v6.map(IpAddr::V6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &str) -> Vec<SocketAddr> {
        texts.split_whitespace().map(|text| text.parse().expect(text)).collect()
    }

    #[test]
    fn the_families_take_turns() {
        let all = addresses("1.1.1.1:25 2.2.2.2:25 [::1]:25 1.1.1.1:25 3.3.3.3:25 [::2]:25");
        let table = [
            (Families::PreferIpv6, "[::1]:25 1.1.1.1:25 [::2]:25 2.2.2.2:25 3.3.3.3:25"),
            (Families::PreferIpv4, "1.1.1.1:25 [::1]:25 2.2.2.2:25 [::2]:25 3.3.3.3:25"),
            (Families::Ipv6Only, "[::1]:25 [::2]:25"),
            (Families::Ipv4Only, "1.1.1.1:25 2.2.2.2:25 3.3.3.3:25"),
        ];
        for (families, ordered) in table {
            assert_eq!(families.order(&all), addresses(ordered), "{families:?}");
        }
        assert!(Families::default().order(&[]).is_empty());
    }

    /// As many as a hostile resolver likes: the time grows no faster than their number.
    #[test]
    fn very_many_addresses_are_put_in_order() {
        let address = |index: u32| SocketAddr::from((Ipv4Addr::from(index), 25));
        let all: Vec<_> = (0..300_000).map(address).collect();
        let twice: Vec<_> = all.iter().chain(&all).copied().collect();
        assert_eq!(Families::default().order(&twice), all);
    }

    #[test]
    fn a_local_address_leaves_out_the_other_family() {
        let [v4, v6] = ["192.0.2.1:25", "[2001:db8::1]:25"].map(|text| text.parse().expect(text));
        let mut local = Local::default();
        assert!(local.permits(v4) && local.permits(v6));
        local.set(IpAddr::from([192, 0, 2, 9]));
        assert!(local.permits(v4) && !local.permits(v6));
        assert_eq!(local.for_remote(v4), Some(IpAddr::from([192, 0, 2, 9])));
        local.set(IpAddr::from(Ipv6Addr::LOCALHOST));
        assert!(local.permits(v4) && local.permits(v6));
        assert_eq!(local.for_remote(v6), Some(IpAddr::from(Ipv6Addr::LOCALHOST)));
    }
}
