//! A tunnel while it is made: the bytes that go to a proxy and come from it.

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::hop::Hop;
use crate::error::proxy::{ProxyError, ProxyErrorKind as Kind, ProxyReply};
use crate::net::connect::Connected;
use crate::net::stream::Clear;

/// A stream to a proxy that has not given it to the server yet.
pub(super) struct Tunnel<'a> {
    hop: &'a Hop,
    stream: Clear,
}

impl<'a> Tunnel<'a> {
    pub(super) fn new(hop: &'a Hop, stream: Clear) -> Self {
        Self { hop, stream }
    }

    /// Sends a message whole. The flush is for TLS, which may keep the last bytes.
    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), ProxyError> {
        let sent = async {
            self.stream.write_all(message).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| self.broken(error))
    }

    /// Receives exactly as many bytes as the message has: those after it are the session's.
    pub(super) async fn receive<const N: usize>(&mut self) -> Result<[u8; N], ProxyError> {
        let mut message = [0; N];
        self.receive_into(&mut message).await?;
        Ok(message)
    }

    pub(super) async fn receive_into(&mut self, message: &mut [u8]) -> Result<(), ProxyError> {
        let received = self.stream.read_exact(message).await;
        received.map(drop).map_err(|error| self.broken(error))
    }

    /// Receives some bytes more, at most `room`.
    pub(super) async fn receive_some(
        &mut self,
        message: &mut Vec<u8>,
        room: usize,
    ) -> Result<(), ProxyError> {
        let mut some = (&mut self.stream).take(room as u64);
        match some.read_buf(message).await {
            Ok(0) => Err(self.broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(self.broken(error)),
        }
    }

    fn broken(&self, error: io::Error) -> ProxyError {
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "closed the connection".to_owned(),
            _ => format!("is not reached any more ({error})"),
        };
        let reason = format!(
            "{what} before it had answered: check that it speaks this protocol at this port and \
             serves this client, or try again later"
        );
        self.error(Kind::Closed, reason).with_source(error)
    }

    pub(super) fn error(&self, kind: Kind, reason: impl Into<String>) -> ProxyError {
        self.hop.error(kind, reason)
    }

    /// The error of an answer that the protocol does not have.
    pub(super) fn no_protocol(&self, answer: &str) -> ProxyError {
        let reason = format!(
            "answered with {answer}: check host and port, it seems to speak something else"
        );
        self.error(Kind::Protocol, reason)
    }

    /// The error of a proxy that has said no.
    pub(super) fn refused(
        &self,
        kind: Kind,
        reason: impl Into<String>,
        reply: ProxyReply,
    ) -> ProxyError {
        self.error(kind, reason).with_reply(reply)
    }

    /// The stream to the server, of which these bytes have come already. Its address on this
    /// machine is not told: the connection that the server sees begins at the proxy.
    pub(super) fn into_connected(self, early: Bytes) -> Connected {
        Connected { stream: self.stream.with_early(early), local: None }
    }
}
