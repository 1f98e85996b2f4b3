//! Sources of messages that take their time, or fail.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use smtp::Body;
use smtp::message::BodySource;
use tokio::time::{Sleep, sleep};

/// A piece of a message; none is an error of the source.
pub type Piece = Option<&'static str>;

/// Gives each piece after its time has passed since the one before.
#[derive(Debug)]
struct Slow {
    pieces: VecDeque<(Duration, Piece)>,
    wait: Option<Pin<Box<Sleep>>>,
}

/// A body whose pieces come so many milliseconds after each other.
pub fn slow(pieces: impl IntoIterator<Item = (u64, Piece)>) -> Body<'static> {
    let pieces = pieces.into_iter().map(|(after, piece)| (Duration::from_millis(after), piece));
    Body::stream(Slow { pieces: pieces.collect(), wait: None })
}

impl BodySource for Slow {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let Some(&(after, piece)) = self.pieces.front() else {
            return Poll::Ready(None);
        };
        if !after.is_zero() {
            ready!(self.wait.get_or_insert_with(|| Box::pin(sleep(after))).as_mut().poll(cx));
        }
        self.wait = None;
        self.pieces.pop_front();
        let failed = || io::Error::other("the disk is gone");
        Poll::Ready(Some(
            piece.map(|piece| Bytes::from_static(piece.as_bytes())).ok_or_else(failed),
        ))
    }
}
