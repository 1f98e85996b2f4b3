//! XCLIENT: tells a server that trusts us which client we speak for (Postfix, `XCLIENT_README`).

use std::net::IpAddr;

use smtp::SmtpCommand;

/// ```text
/// xclient-command = "XCLIENT" 1*( SP attribute-name "=" attribute-value )
/// ```
///
/// The server answers with a new greeting, so the session begins again after it; TLS stays, and the
/// authentication ends.
#[derive(Debug, SmtpCommand)]
#[smtp(
    verb = "XCLIENT",
    requires = "XCLIENT",
    accepts(220),
    transition(Greeted => Greeted, Tls => Tls, Authed => BeforeAuth),
    resets
)]
pub struct XClient {
    #[smtp(param = "NAME", xtext)]
    pub name: Option<String>,
    #[smtp(param = "ADDR", with = address)]
    pub address: IpAddr,
}

/// IPv6 addresses carry a prefix.
fn address(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("IPV6:{address}"),
    }
}
