//! Messages that are read from the standard library's readers and files while they are sent.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::message::body::{Body, BodySource};
use crate::proto::content::PIECE;

impl<'a> Body<'a> {
    /// A message from a reader of the standard library, read in pieces of 64 KiB. Its length is
    /// unknown, unless it is [said](Self::length). An error of the reader abandons the message.
    ///
    /// While it reads, the thread and the connection wait, and no timeout is kept: it is for the
    /// connections of [`smtp::blocking`](crate::blocking). Elsewhere use [`reader`](Self::reader).
    ///
    /// ```
    /// use smtp::Body;
    ///
    /// let message = &b"Subject: Hello\r\n\r\nHello.\r\n"[..];
    /// let body = Body::blocking_reader(message).length(message.len() as u64);
    /// ```
    pub fn blocking_reader(reader: impl Read + Send + 'a) -> Self {
        Self::stream(Reader(reader))
    }
}

impl Body<'_> {
    /// A message from a file, read in pieces of 64 KiB while it is sent, as
    /// [`blocking_reader`](Self::blocking_reader) reads. Its length is the one that the file has
    /// now: a file that grows or shrinks until it is read abandons the message. A file that is no
    /// regular one, such as a pipe, has an unknown length.
    ///
    /// ```
    /// use smtp::Body;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let body = Body::blocking_file("Cargo.toml")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is a directory.
    pub fn blocking_file(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = File::open(path)?;
        let facts = file.metadata()?;
        if facts.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let body = Self::blocking_reader(file);
        Ok(if facts.is_file() { body.length(facts.len()) } else { body })
    }
}

struct Reader<R>(R);

// A reader is used by `&mut`, and never pinned.
impl<R> Unpin for Reader<R> {}

impl<R: Read + Send> BodySource for Reader<R> {
    fn poll_piece(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut self.get_mut().0).take(PIECE as u64).read_to_end(&mut piece);
        Poll::Ready(match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece.into())),
            Err(error) => Some(Err(error)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// A reader that gives a few bytes at a time.
    struct Dripping<R>(R);

    impl<R: Read> Read for Dripping<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1000);
            self.0.read(&mut buffer[..most])
        }
    }

    #[tokio::test]
    async fn pieces_are_whole_however_the_reader_drips() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * PIECE + 77).collect();
        let mut body = Body::blocking_reader(Dripping(&bytes[..]));
        let mut lengths = Vec::new();
        let mut read = Vec::new();
        while let Some(piece) = poll_fn(|cx| body.poll_segment(cx)).await.expect("a piece") {
            lengths.push(piece.as_ref().len());
            read.extend_from_slice(piece.as_ref());
        }
        assert_eq!(lengths, [PIECE, PIECE, PIECE, 77]);
        assert_eq!(read, bytes);
    }
}
