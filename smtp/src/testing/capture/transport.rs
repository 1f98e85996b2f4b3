//! The transport of the capture server: lines and bytes over a socket, in clear or inside TLS.

use std::io;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::testing::Certificate;

pub(super) struct Transport {
    stream: Stream,
    input: BytesMut,
    output: Vec<u8>,
}

enum Stream {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A command line that breaks a rule.
pub(super) enum BadLine {
    TooLong,
    BareLineFeed,
}

impl Transport {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream: Stream::Clear(stream), input: BytesMut::new(), output: Vec::new() }
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Whether nothing is left of what the client wrote.
    pub(super) fn is_drained(&self) -> bool {
        self.input.is_empty()
    }

    /// Goes on inside TLS.
    pub(super) async fn secure(self, certificate: &Certificate) -> io::Result<Self> {
        let Stream::Clear(stream) = self.stream else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let stream = TlsAcceptor::from(certificate.config()).accept(stream).await?;
        Ok(Self {
            stream: Stream::Tls(Box::new(stream)),
            input: BytesMut::new(),
            output: Vec::new(),
        })
    }

    /// Queues a reply. It is written when the client has nothing more to say.
    pub(super) fn reply(&mut self, reply: &str) {
        self.output.extend_from_slice(reply.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    /// The next line, without its CRLF. None at the end of the stream.
    pub(super) async fn line(
        &mut self,
        most: usize,
    ) -> io::Result<Option<Result<Vec<u8>, BadLine>>> {
        loop {
            if let Some(end) = self.input.iter().position(|&byte| byte == b'\n') {
                let line = self.input.split_to(end + 1);
                return Ok(Some(match line.strip_suffix(b"\r\n") {
                    None => Err(BadLine::BareLineFeed),
                    Some(_) if line.len() > most => Err(BadLine::TooLong),
                    Some(text) => Ok(text.to_vec()),
                }));
            }
            if self.input.len() > most.max(64 * 1024) || self.read().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Exactly so many bytes. None when the stream ends before.
    pub(super) async fn bytes(&mut self, count: usize) -> io::Result<Option<Vec<u8>>> {
        while self.input.len() < count {
            if self.read().await? == 0 {
                return Ok(None);
            }
        }
        let bytes = self.input[..count].to_vec();
        self.input.advance(count);
        Ok(Some(bytes))
    }

    /// Writes the replies that are queued.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let output = std::mem::take(&mut self.output);
        match &mut self.stream {
            Stream::Clear(stream) => stream.write_all(&output).await,
            Stream::Tls(stream) => {
                stream.write_all(&output).await?;
                stream.flush().await
            }
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.flush().await?;
        match &mut self.stream {
            Stream::Clear(stream) => stream.read_buf(&mut self.input).await,
            Stream::Tls(stream) => stream.read_buf(&mut self.input).await,
        }
    }
}
