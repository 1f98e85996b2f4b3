//! A hop: where a proxy is, and how the stream to it is opened.

use std::fmt::{self, Debug, Display};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::error::proxy::{ProxyError, ProxyErrorKind as Kind};
use crate::net::connect::{NoRuntime, Reach, Target};
use crate::net::handshake_error::Attempt;
use crate::net::handshake_stream::Watch;
use crate::net::host::{self, Host};
use crate::net::stream::Clear;
use crate::net::tls::{handshake, server_name};
use crate::net::tls_config::TlsConfig;
use crate::net::tokio_clock::TokioClock;
use crate::proto::fault::Fault;
use crate::proto::handshake::HandshakeErrorKind;

/// A proxy's place, with or without TLS to it.
#[derive(Clone)]
pub(super) struct Hop {
    /// The protocol that the proxy speaks.
    protocol: &'static str,
    host: String,
    port: u16,
    pub(super) reach: Reach,
    pub(super) tls: Option<TlsConfig>,
}

impl Hop {
    pub(super) fn new(protocol: &'static str, host: String, port: u16) -> Self {
        Self { protocol, host, port, reach: Reach::default(), tls: None }
    }

    /// Opens a stream to the proxy, with the local address and keepalive of the target.
    pub(super) async fn open(&self, target: &Target) -> io::Result<Clear> {
        if host::parse(&self.host).is_err() {
            let reason = "cannot be reached: its host is neither a DNS name nor an IP address; \
                          give it without a scheme, a user and a port";
            return Err(self.error(Kind::InvalidSettings, reason).into());
        }
        let mut reach = self.reach.clone();
        reach.keepalive = target.keepalive();
        reach.local = target.all_local;
        // No limit: the race for the server keeps the time, and drops this future.
        let found = reach.find(&TokioClock, &self.host, self.port, None);
        let mut found = found.map_err(|fault| self.unreached(fault))?;
        let (connected, _) = found.next().await.map_err(|fault| self.unreached(fault))?;
        match &self.tls {
            None => Ok(connected.stream),
            Some(tls) => Ok(self.secure(tls, connected.stream).await?),
        }
    }

    /// Goes on inside TLS. The certificate must be for the proxy's host.
    async fn secure(&self, tls: &TlsConfig, stream: Clear) -> Result<Clear, ProxyError> {
        let name = server_name(&self.host).map_err(|error| {
            self.error(Kind::InvalidSettings, format!("cannot be verified: {error}"))
        })?;
        // A write that fails is told after a grace, which tokio keeps where it can.
        let watch = Watch::new(Arc::new(TokioClock));
        let ended = handshake(tls, name.clone(), stream, Attempt::new(tls, true), &watch).await;
        tls.end_handshake(&name, ended.is_ok());
        match ended {
            Ok(stream) => Ok(Clear::other(stream)),
            Err(Fault::Handshake(error)) => {
                let reason = match error.kind() {
                    HandshakeErrorKind::ClearText => {
                        "does not speak TLS at this port: leave out `over_tls`, or use its port \
                         for TLS"
                            .to_owned()
                    }
                    _ => format!("did not come to TLS, in which it is the server: {error}"),
                };
                Err(self.error(Kind::Tls, reason).with_source(error))
            }
            Err(fault) => {
                let reason = format!("did not come to TLS: {fault}; try again later");
                Err(self.error(Kind::Closed, reason).with_source(fault))
            }
        }
    }

    fn unreached(&self, fault: Fault) -> io::Error {
        match fault {
            Fault::NoRuntime => io::Error::other(NoRuntime),
            Fault::InvalidHost(error) => {
                let reason = format!("has no address that the settings leave: {error}");
                self.error(Kind::InvalidSettings, reason).with_source(error).into()
            }
            // A proxy on the way to this one says itself what it does not do.
            Fault::Local(error) if ProxyError::find_in(&error).is_some() => error,
            fault => {
                let reason = format!("is not reached: {fault}");
                self.error(Kind::Unreachable, reason).with_source(fault).into()
            }
        }
    }

    /// The error of an attempt that has taken too long.
    pub(super) fn timed_out(&self, target: &Target) -> io::Error {
        let reason = format!(
            "gave no stream to {} port {} in the time for connecting (`Timeouts::connect`): it is \
             silent, or cannot reach the server; check both, or give it more time",
            target.host(),
            target.port()
        );
        self.error(Kind::TimedOut, reason).into()
    }

    pub(super) fn error(&self, kind: Kind, reason: impl Into<String>) -> ProxyError {
        ProxyError::new(self.to_string(), kind, reason)
    }
}

/// A text that is no host may hold a password, so it is not shown.
impl Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (protocol, port) = (self.protocol, self.port);
        write!(f, "{protocol} proxy ")?;
        match host::parse(&self.host) {
            Ok(Host::Address(address)) => Display::fmt(&SocketAddr::new(address, port), f),
            Ok(host) => write!(f, "{host}:{port}"),
            Err(_) => write!(f, "at port {port}"),
        }
    }
}

impl Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = if self.tls.is_some() { " over TLS" } else { "" };
        write!(f, "{self}{tls}, by {:?}", self.reach.connector)
    }
}
