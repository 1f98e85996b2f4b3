//! The host that a caller names: an IP address or a DNS name.
//!
//! It is checked before anything is looked up, because a resolver says of `localhost:587` no more
//! than that there is no such name.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use smtp_grammar::Domain;

/// A host that can be looked up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// An address, which needs no look-up.
    Address(IpAddr),
    /// A DNS name in A-labels.
    Name(Cow<'a, str>),
    /// An IPv6 address with the zone that it is in.
    Zoned(&'a str),
}

impl Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => Display::fmt(address, f),
            Self::Name(name) => f.write_str(name),
            Self::Zoned(name) => f.write_str(name),
        }
    }
}

/// Bytes in a DNS name, without a final dot (RFC 1035 §2.3.4, without the lengths of its ends).
const MAX_NAME: usize = 253;
/// Bytes in one of its labels.
const MAX_LABEL: usize = 63;
/// Characters of a host that an error shows.
const SHOWN: usize = 60;

/// Reads a host. An address may stand in brackets. Of a name, U-labels become A-labels: they are
/// looked up, named in the handshake and looked for in the certificate (RFC 5890 §2.3.2.1).
///
/// # Errors
///
/// Of the kind `InvalidInput`: what is wrong with it, and how to write it.
pub(super) fn parse(host: &str) -> io::Result<Host<'_>> {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = inner.parse() {
        return Ok(Host::Address(address));
    }
    if inner.split_once('%').is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok()) {
        return Ok(Host::Zoned(inner));
    }
    let name = a_labels(host).map_or(Cow::Borrowed(host), Cow::Owned);
    match problem(&name) {
        None => Ok(Host::Name(name)),
        Some(problem) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the host {} {problem}: {}", quoted(host), mend(host)),
        )),
    }
}

/// A name with U-labels, in A-labels. None of one without, of one that is not valid, and without the
/// feature `idn`.
fn a_labels(host: &str) -> Option<String> {
    if host.is_ascii() {
        return None;
    }
    let (name, dot) = host.strip_suffix('.').map_or((host, ""), |name| (name, "."));
    let domain = name.parse::<Domain>().ok()?;
    Some(format!("{}{dot}", domain.as_str()))
}

/// A host as the other side knows it: a name in A-labels, and as it is where that cannot be said.
pub(crate) fn in_ascii(host: &str) -> Cow<'_, str> {
    a_labels(host).map_or(Cow::Borrowed(host), Cow::Owned)
}

/// Finds what keeps a text from being a DNS name. Underscores are in names of machines, if not in
/// those of hosts.
fn problem(name: &str) -> Option<String> {
    let is_of_names = |&c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.contains("://") {
        return Some("is a URL".to_owned());
    }
    if name.contains(':')
        && let Some((_, Some(_))) = mended(name)
    {
        return Some("holds a port".to_owned());
    }
    if let Some(other) = name.chars().find(|c| !is_of_names(c)) {
        return Some(match other {
            ' ' => "holds a space".to_owned(),
            '@' => "is a mail address".to_owned(),
            _ if !other.is_ascii() => format!("holds {other:?}, which is not ASCII"),
            _ => format!("holds {other:?}"),
        });
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > MAX_NAME {
        return Some(format!("has more than the {MAX_NAME} bytes of a DNS name"));
    }
    let label = name.split('.').find(|label| label.is_empty() || label.len() > MAX_LABEL)?;
    Some(match label.len() {
        0 => "has nothing before or after a dot".to_owned(),
        _ => format!("has more than {MAX_LABEL} bytes between two dots"),
    })
}

/// How to write it instead.
fn mend(host: &str) -> String {
    let implicit = ["smtps://", "submissions://"].iter().any(|scheme| host.starts_with(scheme));
    let tls = if implicit { ".implicit_tls()" } else { "" };
    match mended(host) {
        Some((name, Some(port))) => format!(
            "write `Submission::new({name:?}).port({port}){tls}` or `Server::new({name:?}, {port})`"
        ),
        Some((name, None)) if implicit => format!("write `Submission::new({name:?}){tls}`"),
        Some((name, None)) => format!("write {name:?}"),
        None if !host.is_ascii() => "give the name in A-labels (`xn--..`)".to_owned(),
        None => "give the server's DNS name or IP address".to_owned(),
    }
}

/// The host in a text that says more than that, and the port if there is one.
fn mended(text: &str) -> Option<(&str, Option<u16>)> {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split_once('/').map_or(text, |(text, _)| text);
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !is_address(text) => (name, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let is_host = is_address(name) || (!name.contains(':') && problem(name).is_none());
    is_host.then_some((name, port))
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// A host as an error shows it. A URL may hold a password (RFC 3986 §3.2.1).
fn quoted(host: &str) -> String {
    if let Some((before, name)) = host.rsplit_once('@') {
        let scheme = before.find("://").filter(|&at| !before[..at].contains(':'));
        let (scheme, user) = before.split_at(scheme.map_or(0, |at| at + 3));
        if user.contains(':') {
            return quoted(&format!("{scheme}<redacted>@{name}"));
        }
    }
    match host.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}.. ({} bytes)", &host[..end], host.len()),
        None => format!("{host:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts() {
        let name = "a".repeat(MAX_LABEL);
        let long = format!("{name}.{name}.{name}.{}", "a".repeat(61));
        assert_eq!(long.len(), MAX_NAME);
        let names = [
            "localhost",
            "mail.example.com",
            "mail.example.com.",
            "MAIL.example.com",
            "my_server",
            "xn--mil-qla.example",
            &name,
            &long,
        ];
        for host in names {
            assert_eq!(parse(host).expect(host), Host::Name(host.into()));
        }
        for host in ["fe80::1%eth0", "[fe80::1%eth0]"] {
            assert_eq!(parse(host).expect(host), Host::Zoned("fe80::1%eth0"));
        }
        for host in ["127.0.0.1", "::1", "[::1]", "[127.0.0.1]", "2001:db8::1:25"] {
            let address = host.trim_matches(['[', ']']).parse().expect("an address");
            assert_eq!(parse(host).expect(host), Host::Address(address));
        }
    }

    #[cfg(feature = "idn")]
    #[test]
    fn u_labels_become_a_labels() {
        for (host, name) in [
            ("m\u{e4}il.example", "xn--mil-qla.example"),
            ("M\u{c4}IL.example.", "xn--mil-qla.example."),
            ("\u{4f8b}.xn--mil-qla", "xn--fsq.xn--mil-qla"),
        ] {
            assert_eq!(parse(host).expect(host), Host::Name(name.into()));
            assert_eq!(in_ascii(host), name);
        }
        assert_eq!(in_ascii("mail.example"), "mail.example");
        assert_eq!(in_ascii("m\u{e4}il_1"), "m\u{e4}il_1");
    }

    #[test]
    fn all_else_is_told_how_to_be_written() {
        let long = "a.".repeat(150);
        let label = "a".repeat(64);
        let table = [
            ("", r#"the host "" is empty: give the server's DNS name or IP address"#),
            (
                "localhost:587",
                r#"the host "localhost:587" holds a port: write `Submission::new("localhost").port(587)` or `Server::new("localhost", 587)`"#,
            ),
            (
                "[::1]:25",
                r#"the host "[::1]:25" holds a port: write `Submission::new("::1").port(25)` or `Server::new("::1", 25)`"#,
            ),
            (
                "127.0.0.1:25",
                r#"the host "127.0.0.1:25" holds a port: write `Submission::new("127.0.0.1").port(25)` or `Server::new("127.0.0.1", 25)`"#,
            ),
            (
                "smtp://mail.example.com",
                r#"the host "smtp://mail.example.com" is a URL: write "mail.example.com""#,
            ),
            (
                "smtp://mail.example.com:2525/",
                r#"the host "smtp://mail.example.com:2525/" is a URL: write `Submission::new("mail.example.com").port(2525)` or `Server::new("mail.example.com", 2525)`"#,
            ),
            (
                "smtps://mail.example.com",
                r#"the host "smtps://mail.example.com" is a URL: write `Submission::new("mail.example.com").implicit_tls()`"#,
            ),
            (
                "submissions://mail.example.com",
                r#"the host "submissions://mail.example.com" is a URL: write `Submission::new("mail.example.com").implicit_tls()`"#,
            ),
            ("smtp://::1", r#"the host "smtp://::1" is a URL: write "::1""#),
            (
                "smtps://",
                r#"the host "smtps://" is a URL: give the server's DNS name or IP address"#,
            ),
            (
                "mail.example.com ",
                r#"the host "mail.example.com " holds a space: write "mail.example.com""#,
            ),
            (
                "mail example.com",
                r#"the host "mail example.com" holds a space: give the server's DNS name or IP address"#,
            ),
            (
                "mail.example.com\n",
                r#"the host "mail.example.com\n" holds '\n': write "mail.example.com""#,
            ),
            (
                "[mail.example.com]",
                r#"the host "[mail.example.com]" holds '[': write "mail.example.com""#,
            ),
            (
                "me@example.com",
                r#"the host "me@example.com" is a mail address: give the server's DNS name or IP address"#,
            ),
            (
                "smtp://me:pen@cil@mail.example.com:25",
                r#"the host "smtp://<redacted>@mail.example.com:25" is a URL: give the server's DNS name or IP address"#,
            ),
            (
                "me:pen://cil@mail.example.com",
                r#"the host "<redacted>@mail.example.com" is a URL: give the server's DNS name or IP address"#,
            ),
            (
                "m\u{e4}il_1.example",
                "the host \"m\u{e4}il_1.example\" holds '\u{e4}', which is not ASCII: give the name in A-labels (`xn--..`)",
            ),
            (
                "a..b",
                r#"the host "a..b" has nothing before or after a dot: give the server's DNS name or IP address"#,
            ),
            (
                ".",
                r#"the host "." has nothing before or after a dot: give the server's DNS name or IP address"#,
            ),
            (
                "host:99999",
                r#"the host "host:99999" holds ':': give the server's DNS name or IP address"#,
            ),
            (
                "[IPv6:::1]",
                r#"the host "[IPv6:::1]" holds '[': give the server's DNS name or IP address"#,
            ),
            (
                &label,
                r#"the host "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".. (64 bytes) has more than 63 bytes between two dots: give the server's DNS name or IP address"#,
            ),
            (
                &long,
                r#"the host "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.".. (300 bytes) has more than the 253 bytes of a DNS name: give the server's DNS name or IP address"#,
            ),
        ];
        for (host, text) in table {
            let error = parse(host).expect_err(host);
            assert_eq!(error.to_string(), text);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }
}
