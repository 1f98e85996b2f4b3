//! The sources of the client: bodies of each kind, and a stream of messages.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use smtp::Body;
use smtp::message::BodySource;
use tokio::time::{Sleep, sleep};

use super::case::{Kind, Message};

/// The body of a message with this text.
pub(super) fn body<'t>(message: &Message, index: usize, text: &'t [u8]) -> Body<'t> {
    match message.kind {
        Kind::Borrowed => Body::from(text),
        _ => owned_body(message, index, text),
    }
}

/// The same, of a message that outlives its text.
pub(super) fn owned_body(message: &Message, index: usize, text: &[u8]) -> Body<'static> {
    match message.kind {
        Kind::Owned | Kind::Borrowed => Body::from(text.to_vec()),
        Kind::Stream(bytes, pause) => Body::stream(Source::new(text, bytes, pause)),
        Kind::Each => {
            let message = message.clone();
            Body::each(move |transaction| {
                let mailboxes = transaction.recipients().filter_map(|path| path.mailbox());
                let recipients: Vec<_> = mailboxes.map(ToString::to_string).collect();
                Ok::<_, Infallible>(message.content_for(index, &recipients))
            })
        }
        Kind::Fails(pieces) => {
            let mut source = Source::new(text, 10, 0);
            source.pieces.truncate(pieces);
            source.fails = true;
            Body::stream(source)
        }
    }
}

/// A stream that has nothing at first, and nothing at once after each message.
pub(super) struct Late<I> {
    messages: I,
    waited: bool,
}

impl<I> Late<I> {
    pub(super) fn new(messages: I) -> Self {
        Self { messages, waited: false }
    }
}

impl<I: Iterator + Unpin> Stream for Late<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        self.waited = !self.waited;
        if !self.waited {
            return Poll::Ready(self.messages.next());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A message in pieces, with a pause before each.
struct Source {
    pieces: VecDeque<Bytes>,
    pause: u16,
    wait: Option<Pin<Box<Sleep>>>,
    fails: bool,
}

impl Source {
    fn new(text: &[u8], bytes: usize, pause: u16) -> Self {
        let pieces = text.chunks(bytes).map(Bytes::copy_from_slice).collect();
        Self { pieces, pause, wait: None, fails: false }
    }
}

impl BodySource for Source {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if self.pause > 0 {
            let pause = Duration::from_millis(self.pause.into());
            let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        Poll::Ready(match self.pieces.pop_front() {
            None if self.fails => Some(Err(io::Error::other("the disk is gone"))),
            piece => piece.map(Ok),
        })
    }
}
