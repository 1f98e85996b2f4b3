//! Address literals: IP addresses in brackets, for hosts without a name.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::SyntaxError;

const WHAT: &str = "address literal";

/// An IP address that stands where a domain would.
///
/// ```text
/// address-literal      = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"
/// IPv4-address-literal = Snum 3("." Snum)
/// IPv6-address-literal = "IPv6:" IPv6-addr                       ; RFC 5321 §4.1.3
/// ```
///
/// `General-address-literal` is not handled: `IPv6` is the only tag that was ever registered.
///
/// ```
/// use smtp_grammar::AddressLiteral;
///
/// let literal = "[IPv6:2001:DB8::1]".parse::<AddressLiteral>().unwrap();
/// assert_eq!(literal.to_string(), "[IPv6:2001:db8::1]");
/// let error = "192.0.2.1".parse::<AddressLiteral>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid address literal: it stands in square brackets");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressLiteral(IpAddr);

impl AddressLiteral {
    /// The address.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for AddressLiteral {
    /// An IPv4 address that is mapped into IPv6 is written as IPv4.
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl From<Ipv4Addr> for AddressLiteral {
    fn from(address: Ipv4Addr) -> Self {
        Self(address.into())
    }
}

impl From<Ipv6Addr> for AddressLiteral {
    fn from(address: Ipv6Addr) -> Self {
        Self::from(IpAddr::from(address))
    }
}

impl FromStr for AddressLiteral {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .ok_or(SyntaxError::because(WHAT, "it stands in square brackets"))?;
        let address = match inner.split_at_checked(5) {
            Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
                ipv6(address).map(IpAddr::V6)
            }
            _ => ipv4(inner).map(IpAddr::V4),
        };
        address
            .map(Self)
            .ok_or(SyntaxError::because(WHAT, "it is neither [1.2.3.4] nor [IPv6:1::2]"))
    }
}

impl TryFrom<&str> for AddressLiteral {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

/// `Snum = 1*3DIGIT` from 0 to 255. Leading zeros do not make it octal, and are not written again.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut bytes = [0; 4];
    let mut parts = text.split('.');
    for byte in &mut bytes {
        let part = parts.next()?;
        let digits = part.bytes().all(|digit| digit.is_ascii_digit());
        *byte = part.parse().ok().filter(|_| digits && part.len() <= 3)?;
    }
    parts.next().is_none().then(|| bytes.into())
}

/// `IPv6-comp` and `IPv6v4-comp` let `::` stand for two groups at least (RFC 5321 §4.1.3), where
/// other notations allow one group.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let address = match text.rsplit_once(':') {
        // `Snum` may have leading zeros here as well.
        Some((groups, tail)) if tail.contains('.') => {
            format!("{groups}:{}", ipv4(tail)?).parse().ok()?
        }
        _ => text.parse().ok()?,
    };
    if text.contains("::") {
        let groups = text.split(':').filter(|group| !group.is_empty()).count();
        let most = if text.contains('.') { 5 } else { 6 };
        if groups > most {
            return None;
        }
    }
    Some(address)
}

impl Display for AddressLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "[{address}]"),
            IpAddr::V6(address) => write!(f, "[IPv6:{address}]"),
        }
    }
}
