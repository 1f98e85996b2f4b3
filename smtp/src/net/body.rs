//! A message that is read while it is sent: from any `AsyncRead` of tokio, from a file.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::message::body::{Body, BodySource};
use crate::proto::content::PIECE;

/// With less room than this for the next piece, a new buffer is made.
const LEAST: usize = 4 * 1024;

impl<'a> Body<'a> {
    /// A message from a reader, read in pieces of at most 64 KiB. Its length is unknown, unless it
    /// is [said](Self::length). An error of the reader abandons the message.
    ///
    /// ```
    /// use smtp::Body;
    ///
    /// let header = &b"Subject: Hello\r\n\r\n"[..];
    /// let text = &b"Hello.\r\n"[..];
    /// let bytes = (header.len() + text.len()) as u64;
    /// let body = Body::reader(tokio::io::AsyncReadExt::chain(header, text)).length(bytes);
    /// ```
    pub fn reader(reader: impl AsyncRead + Send + 'a) -> Self {
        Self::stream(Reader { reader: Box::pin(reader), buffer: BytesMut::new() })
    }
}

#[cfg(feature = "fs")]
impl Body<'_> {
    /// A message from a file, read in pieces of at most 64 KiB while it is sent. Its length is the
    /// one that the file has now: a file that grows or shrinks until it is read abandons the
    /// message. A file that is no regular one, such as a pipe, has an unknown length.
    ///
    /// Files are read on threads of the tokio runtime that this is called in.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use smtp::Body;
    ///
    /// let body = Body::file("Cargo.toml").await?;
    /// let missing = Body::file("no such file").await;
    /// assert!(missing.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is a directory.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the file.
    pub async fn file(path: impl AsRef<std::path::Path>) -> io::Result<Self> {
        let file = tokio::fs::File::open(path).await?;
        let facts = file.metadata().await?;
        if facts.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let body = Self::reader(file);
        Ok(if facts.is_file() { body.length(facts.len()) } else { body })
    }
}

struct Reader<R> {
    reader: Pin<Box<R>>,
    buffer: BytesMut,
}

impl<R: AsyncRead + Send> BodySource for Reader<R> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let Self { reader, buffer } = &mut *self;
        if buffer.capacity() < LEAST {
            buffer.reserve(PIECE);
        }
        // Nothing is lost with the future of a read that is not ready.
        let read = pin!(reader.read_buf(buffer)).as_mut().poll(cx);
        Poll::Ready(match ready!(read) {
            Ok(0) => None,
            Ok(_) => Some(Ok(buffer.split().freeze())),
            Err(error) => Some(Err(error)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_is_never_held_whole() {
        let mut body = Body::reader(tokio::io::repeat(b'x').take(1 << 20)).length(1 << 20);
        let (mut pieces, mut bytes) = (0, 0);
        while let Some(piece) =
            std::future::poll_fn(|cx| body.poll_segment(cx)).await.expect("a piece")
        {
            let length = piece.as_ref().len();
            assert!(length <= PIECE, "a piece of {length} bytes");
            pieces += 1;
            bytes += length;
        }
        assert_eq!(bytes, 1 << 20);
        assert!(pieces <= 32, "{pieces} pieces");
    }

    #[tokio::test]
    async fn small_pieces_share_a_buffer() {
        let (mut writer, reader) = tokio::io::duplex(16);
        let mut body = Body::reader(reader);
        let mut ends: Vec<*const u8> = Vec::new();
        for _ in 0..100 {
            tokio::io::AsyncWriteExt::write_all(&mut writer, b"bytes\r\n").await.expect("room");
            let piece = std::future::poll_fn(|cx| body.poll_segment(cx))
                .await
                .expect("a piece")
                .expect("no end");
            ends.push(piece.as_ref().as_ptr());
        }
        assert!(ends.windows(2).all(|next| next[0].wrapping_add(7) == next[1]));
    }
}
