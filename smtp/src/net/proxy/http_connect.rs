//! HTTP CONNECT (RFC 9110 §9.3.6), over HTTP/1.1.

use std::io;

use bytes::Bytes;

use super::credentials::Credentials;
use super::destination::Destination;
use super::hop::Hop;
use super::http_head::{self, Head, MAX_HEAD, NoHead};
use super::settings::proxy;
use super::tunnel::Tunnel;
use crate::error::proxy::{ProxyError, ProxyErrorKind as Kind, ProxyReply};
use crate::net::connect::{Connected, Target};
use crate::secret::{self, Secret};

/// An HTTP proxy that permits CONNECT to the server's port (RFC 9110 §9.3.6).
///
/// ```
/// use smtp::Server;
/// use smtp::transport::proxy::HttpConnect;
///
/// let proxy = HttpConnect::new("proxy.example.com", 3128).credentials("me", "pencil");
/// let server = Server::new("mail.example.com", 587).connector(proxy);
/// ```
///
/// Every 2xx is success. The head of the answer may have 100 lines and 16 KiB. Bytes that follow it
/// are the server's, and the session reads them first.
#[derive(Clone, Debug)]
pub struct HttpConnect {
    hop: Hop,
    credentials: Option<Credentials>,
}

impl HttpConnect {
    /// The proxy at a port of a host: a DNS name or an IP address. Usual ports are 3128 and 8080.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { hop: Hop::new("HTTP", host.into(), port), credentials: None }
    }

    /// Shows this user and password, by the scheme Basic (RFC 7617), without waiting to be asked.
    /// The user has no colon, and neither has control characters.
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials = Some(Credentials { user: user.into(), password: password.into() });
        self
    }

    async fn open(&self, target: &Target) -> io::Result<Connected> {
        let invalid = |error| self.hop.error(Kind::InvalidTarget, format!("is not asked: {error}"));
        let destination = Destination::of(target).map_err(invalid)?;
        let request = self.request(&destination)?;
        let mut tunnel = Tunnel::new(&self.hop, self.hop.open(target).await?);
        tunnel.send(request.expose()).await?;
        let (head, early) = answer(&mut tunnel).await?;
        match head.status {
            200..300 => Ok(tunnel.into_connected(early)),
            _ => Err(self.refusal(&tunnel, &destination, &head).into()),
        }
    }

    /// The request of RFC 9112 §3.2.3, in which the host stands twice (§3.2).
    fn request(&self, destination: &Destination<'_>) -> Result<Secret, ProxyError> {
        let start = format!("CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n");
        let Some(credentials) = &self.credentials else {
            return Ok(Secret::from(start + "\r\n"));
        };
        let Some(basic) = basic(credentials) else {
            let reason = "cannot be shown the credentials: a user has no colon, and neither a user \
                          nor a password has control characters (RFC 7617 §2)";
            return Err(self.hop.error(Kind::InvalidSettings, reason));
        };
        let header = b"Proxy-Authorization: Basic ";
        Ok(Secret::concat(&[start.as_bytes(), header, basic.expose(), b"\r\n\r\n"]))
    }

    fn refusal(
        &self,
        tunnel: &Tunnel<'_>,
        destination: &Destination<'_>,
        Head { status, reason, schemes, .. }: &Head,
    ) -> ProxyError {
        let (kind, advice) = match status {
            407 if self.credentials.is_none() => {
                (Kind::CredentialsRequired, "give a user and a password with `credentials`")
            }
            407 => (Kind::CredentialsRefused, "correct the user and the password"),
            401 | 403 => (Kind::NotPermitted, "have it permit CONNECT to this host and port"),
            405 | 501 => (Kind::NotSupported, "it does not know CONNECT: use another proxy"),
            502..=504 => {
                (Kind::TargetUnreachable, "check the server's name and port, or try again later")
            }
            408 | 425 | 429 | 500..600 => (Kind::Failed, "see its log, or try again later"),
            _ => (Kind::NotSupported, "check host and port: it may be no proxy for CONNECT"),
        };
        let schemes = match (status, &**schemes) {
            (407, schemes) if !schemes.is_empty() => {
                format!(" (it takes {schemes}; this client has Basic)")
            }
            _ => String::new(),
        };
        let reason =
            format!("did not connect to {destination}: {status} {reason}{schemes}; {advice}");
        tunnel.refused(kind, reason, ProxyReply::Http(*status))
    }
}

proxy!(HttpConnect);

/// `user-pass` of RFC 7617 §2 in base64.
fn basic(Credentials { user, password }: &Credentials) -> Option<Secret> {
    let is_sent = |bytes: &[u8]| !bytes.iter().any(u8::is_ascii_control);
    if user.contains(':') || !is_sent(user.as_bytes()) || !is_sent(password.expose()) {
        return None;
    }
    let pair = Secret::concat(&[user.as_bytes(), b":", password.expose()]);
    let mut encoded = Vec::new();
    secret::encode(pair.expose(), &mut encoded);
    Some(Secret::from(encoded))
}

/// The head of the answer, and the bytes that came with it. Heads of 1xx come before it (RFC 9110
/// §15.2); a change of protocols (101) was not asked for.
async fn answer(tunnel: &mut Tunnel<'_>) -> Result<(Head, Bytes), ProxyError> {
    let (mut received, mut skipped, mut searched) = (Vec::with_capacity(1024), 0, 0);
    loop {
        let head = match http_head::parse(&received[skipped..], searched) {
            Ok(head) => head,
            Err(NoHead::Partial) if received.len() < MAX_HEAD => {
                let room = MAX_HEAD - received.len();
                searched = received.len() - skipped;
                tunnel.receive_some(&mut received, room).await?;
                continue;
            }
            Err(NoHead::Partial) => return Err(tunnel.no_protocol("an endless head")),
            Err(NoHead::Invalid(instead)) => return Err(tunnel.no_protocol(instead)),
        };
        match head.status {
            101 => return Err(tunnel.no_protocol("a change of protocols")),
            100..200 => (skipped, searched) = (skipped + head.length, 0),
            _ => {
                let early = Bytes::from(received).split_off(skipped + head.length);
                return Ok((head, early));
            }
        }
    }
}
