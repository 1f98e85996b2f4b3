//! SOCKS4, with the extension 4A for names that the proxy looks up.
//!
//! Neither has an RFC: <https://www.openssh.com/txt/socks4.protocol> and
//! <https://www.openssh.com/txt/socks4a.protocol>.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;

use super::destination::Destination;
use super::hop::Hop;
use super::settings::proxy;
use super::tunnel::Tunnel;
use crate::error::proxy::{ProxyError, ProxyErrorKind as Kind, ProxyReply};
use crate::net::connect::{Connected, Target};

/// A SOCKS4 proxy that looks names up (SOCKS4A). It has no IPv6 addresses and no passwords.
///
/// ```
/// use smtp::Server;
/// use smtp::transport::proxy::Socks4a;
///
/// let proxy = Socks4a::new("proxy.example.com", 1080).user("me");
/// let server = Server::new("mail.example.com", 25).connector(proxy);
/// ```
#[derive(Clone, Debug)]
pub struct Socks4a {
    hop: Hop,
    user: String,
}

/// The version in a request.
const VERSION: u8 = 4;
/// The version in a reply.
const REPLY_VERSION: u8 = 0;
const CONNECT: u8 = 1;
const GRANTED: u8 = 90;
/// The address that says that a name follows.
const NAMED: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);
/// The most bytes of a user that a proxy need take.
const MAX_USER: usize = 255;

impl Socks4a {
    /// The proxy at a port of a host: a DNS name or an IP address. The usual port is 1080.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { hop: Hop::new("SOCKS4", host.into(), port), user: String::new() }
    }

    /// Says that the client is this user: at most 255 bytes, none of them NUL. The default is an
    /// empty one.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    async fn open(&self, target: &Target) -> io::Result<Connected> {
        let destination = Destination::of(target).map_err(|error| self.invalid(&error))?;
        let request = self.request(&destination)?;
        let mut tunnel = Tunnel::new(&self.hop, self.hop.open(target).await?);
        tunnel.send(&request).await?;
        let [version, reply, ..] = tunnel.receive::<8>().await?;
        match (version, reply) {
            (REPLY_VERSION, GRANTED) => Ok(tunnel.into_connected(Bytes::new())),
            (REPLY_VERSION, reply) => Err(refusal(&tunnel, &destination, reply).into()),
            _ => Err(tunnel.no_protocol(&format!("version {version} in place of 0")).into()),
        }
    }

    /// `VN CD DSTPORT DSTIP USERID NULL`, and for a name `name NULL`.
    fn request(&self, destination: &Destination<'_>) -> Result<Vec<u8>, ProxyError> {
        if self.user.len() > MAX_USER || self.user.contains('\0') {
            let reason = "cannot be told the user: it has at most 255 bytes and no NUL";
            return Err(self.hop.error(Kind::InvalidSettings, reason));
        }
        let (address, name, port) = match destination {
            Destination::Address(IpAddr::V4(address), port) => (*address, None, *port),
            Destination::Address(IpAddr::V6(_), _) => {
                return Err(self.invalid("SOCKS4 has no IPv6 addresses: use SOCKS5, or a name"));
            }
            Destination::Name(name, port) => (NAMED, Some(name), *port),
        };
        if name.is_none() && matches!(address.octets(), [0, 0, 0, _]) {
            return Err(self.invalid("the addresses 0.0.0.x mark a name in SOCKS4: use another"));
        }
        let mut request = vec![VERSION, CONNECT];
        request.extend(port.to_be_bytes());
        request.extend(address.octets());
        request.extend(self.user.bytes().chain([0]));
        if let Some(name) = name {
            request.extend(name.bytes().chain([0]));
        }
        Ok(request)
    }

    fn invalid(&self, error: &str) -> ProxyError {
        self.hop.error(Kind::InvalidTarget, format!("is not asked: {error}"))
    }
}

proxy!(Socks4a);

fn refusal(tunnel: &Tunnel<'_>, destination: &Destination<'_>, reply: u8) -> ProxyError {
    let (kind, says, advice) = match reply {
        91 => (
            Kind::Failed,
            "rejected or failed",
            "check the server's name and port, see its log, or try again later",
        ),
        92 => (
            Kind::CredentialsRefused,
            "it cannot ask this machine who its user is (identd)",
            "run an identd here, or use another proxy",
        ),
        93 => (
            Kind::CredentialsRefused,
            "this machine names another user (identd) than `user` does",
            "give the right user",
        ),
        _ => (Kind::Failed, "a reply that SOCKS4 does not have", "see its log"),
    };
    let reason = format!("did not connect to {destination}: {says} (reply {reply}); {advice}");
    tunnel.refused(kind, reason, ProxyReply::Socks4(reply))
}
