//! SOCKS5 (RFC 1928), with a user and a password where the proxy wants them (RFC 1929).
//!
//! `tokio-socks` is not used: it leaves the password in memory that it gives back, does not flush a
//! stream that may keep bytes (TLS to the proxy), and does not tell which reply it did not know.

use std::io;
use std::net::IpAddr;

use bytes::Bytes;

use super::credentials::Credentials;
use super::destination::Destination;
use super::hop::Hop;
use super::settings::proxy;
use super::tunnel::Tunnel;
use crate::error::proxy::{ProxyError, ProxyErrorKind as Kind, ProxyReply};
use crate::net::connect::{Connected, Target};
use crate::secret::Secret;

/// A SOCKS5 proxy (RFC 1928), as SSH, Tor and most gateways are.
///
/// ```
/// use smtp::Server;
/// use smtp::transport::proxy::Socks5;
///
/// let proxy = Socks5::new("proxy.example.com", 1080).credentials("me", "pencil");
/// let server = Server::new("mail.example.com", 25).connector(proxy);
/// ```
#[derive(Clone, Debug)]
pub struct Socks5 {
    hop: Hop,
    credentials: Option<Credentials>,
}

/// The version of the protocol.
const VERSION: u8 = 5;
/// The version of the login (RFC 1929 §2).
const LOGIN_VERSION: u8 = 1;

/// The methods of authentication (RFC 1928 §3).
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;

const CONNECT: u8 = 1;

/// The types of addresses (RFC 1928 §5).
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

impl Socks5 {
    /// The proxy at a port of a host: a DNS name or an IP address. The usual port is 1080.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { hop: Hop::new("SOCKS5", host.into(), port), credentials: None }
    }

    /// Logs in with this user and password if the proxy wants it, each of 1 to 255 bytes.
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials = Some(Credentials { user: user.into(), password: password.into() });
        self
    }

    async fn open(&self, target: &Target) -> io::Result<Connected> {
        let invalid = |error| self.hop.error(Kind::InvalidTarget, format!("is not asked: {error}"));
        let destination = Destination::of(target).map_err(invalid)?;
        let login = self.credentials.as_ref().map(|credentials| self.login(credentials));
        let login = login.transpose()?;
        let mut tunnel = Tunnel::new(&self.hop, self.hop.open(target).await?);
        negotiate(&mut tunnel, login.as_ref()).await?;
        request(&mut tunnel, &destination).await?;
        Ok(tunnel.into_connected(Bytes::new()))
    }

    /// `VER ULEN UNAME PLEN PASSWD` (RFC 1929 §2).
    fn login(&self, Credentials { user, password }: &Credentials) -> Result<Secret, ProxyError> {
        let length = |part: &[u8]| u8::try_from(part.len()).ok().filter(|length| *length > 0);
        let (user, password) = (user.as_bytes(), password.expose());
        let (Some(user_length), Some(password_length)) = (length(user), length(password)) else {
            let reason = "cannot be logged in to: its user and its password have 1 to 255 bytes \
                          each (RFC 1929)";
            return Err(self.hop.error(Kind::InvalidSettings, reason));
        };
        let head = [LOGIN_VERSION, user_length];
        Ok(Secret::concat(&[&head, user, &[password_length], password]))
    }
}

proxy!(Socks5);

/// Agrees on a method (RFC 1928 §3), and logs in where it is the one for that.
async fn negotiate(tunnel: &mut Tunnel<'_>, login: Option<&Secret>) -> Result<(), ProxyError> {
    match login {
        None => tunnel.send(&[VERSION, 1, NO_LOGIN]).await?,
        Some(_) => tunnel.send(&[VERSION, 2, NO_LOGIN, USER_AND_PASSWORD]).await?,
    }
    let [version, method] = tunnel.receive().await?;
    check_version(tunnel, version)?;
    match (method, login) {
        (NO_LOGIN, _) => Ok(()),
        (USER_AND_PASSWORD, Some(login)) => log_in(tunnel, login).await,
        (NO_METHOD, None) => Err(tunnel.refused(
            Kind::CredentialsRequired,
            "accepts no client without a login: give a user and a password with `credentials`",
            ProxyReply::Socks5Method(method),
        )),
        (NO_METHOD, Some(_)) => Err(tunnel.refused(
            Kind::CredentialsRequired,
            "takes neither a client without a login nor one with a user and a password, which is \
             all that this client can do: see its settings",
            ProxyReply::Socks5Method(method),
        )),
        _ => Err(tunnel.refused(
            Kind::Protocol,
            format!("chose the method of authentication {method}, which was not offered"),
            ProxyReply::Socks5Method(method),
        )),
    }
}

async fn log_in(tunnel: &mut Tunnel<'_>, login: &Secret) -> Result<(), ProxyError> {
    tunnel.send(login.expose()).await?;
    let [version, status] = tunnel.receive().await?;
    // Some proxies repeat their own version here, so the status alone is looked at (RFC 1929 §2
    // does not name the field of the reply).
    match (version, status) {
        (LOGIN_VERSION | VERSION, 0) => Ok(()),
        (LOGIN_VERSION | VERSION, status) => Err(tunnel.refused(
            Kind::CredentialsRefused,
            format!("refuses the user and the password (status {status}): correct them"),
            ProxyReply::Socks5Login(status),
        )),
        _ => Err(tunnel.no_protocol(&format!("version {version} of a login"))),
    }
}

/// Asks for the stream to the server (RFC 1928 §4), and reads the reply (§6) to its last byte.
async fn request(tunnel: &mut Tunnel<'_>, destination: &Destination<'_>) -> Result<(), ProxyError> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match destination {
        Destination::Address(IpAddr::V4(address), port) => {
            request.push(IPV4);
            request.extend(address.octets());
            port
        }
        Destination::Address(IpAddr::V6(address), port) => {
            request.push(IPV6);
            request.extend(address.octets());
            port
        }
        Destination::Name(name, port) => {
            let Ok(length) = u8::try_from(name.len()) else {
                let reason = "is not asked: the name of the server has more than 255 bytes";
                return Err(tunnel.error(Kind::InvalidTarget, reason));
            };
            request.extend([NAME, length]);
            request.extend(name.bytes());
            port
        }
    };
    request.extend(port.to_be_bytes());
    tunnel.send(&request).await?;

    let [version, reply] = tunnel.receive().await?;
    check_version(tunnel, version)?;
    if reply != 0 {
        // The rest of the reply is of no use, and some proxies do not send it.
        return Err(refusal(tunnel, destination, reply));
    }
    let [_reserved, kind] = tunnel.receive().await?;
    // The address that the proxy connects from. It is often none, and nothing depends on it.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(tunnel.receive::<1>().await?[0]),
        other => return Err(tunnel.no_protocol(&format!("an address of the type {other}"))),
    };
    let mut address = [0; 255 + 2];
    tunnel.receive_into(&mut address[..length + 2]).await
}

fn check_version(tunnel: &Tunnel<'_>, version: u8) -> Result<(), ProxyError> {
    match version {
        VERSION => Ok(()),
        other => Err(tunnel.no_protocol(&format!("version {other} in place of 5"))),
    }
}

/// The reply of a proxy that has not connected (RFC 1928 §6).
fn refusal(tunnel: &Tunnel<'_>, destination: &Destination<'_>, reply: u8) -> ProxyError {
    const LATER: &str = "check the server's name and port, or try again later";
    let (kind, says, advice) = match reply {
        1 => (Kind::Failed, "general failure", "see its log, or try again later"),
        2 => (Kind::NotPermitted, "its rules do not permit it", "ask its owner"),
        3 => (Kind::TargetUnreachable, "network unreachable", LATER),
        4 => (Kind::TargetUnreachable, "host unreachable", LATER),
        5 => (Kind::TargetUnreachable, "connection refused", LATER),
        6 => (Kind::TargetUnreachable, "TTL expired", LATER),
        7 => (Kind::NotSupported, "it does not know the command CONNECT", "use another proxy"),
        8 => (
            Kind::NotSupported,
            "it does not know this type of address",
            "name the server in another way, or use another proxy",
        ),
        _ => (Kind::Failed, "a reply that RFC 1928 does not have", "see its log"),
    };
    let reason = format!("did not connect to {destination}: {says} (reply {reply}); {advice}");
    tunnel.refused(kind, reason, ProxyReply::Socks5(reply))
}
