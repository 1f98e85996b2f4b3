//! Auto traits of the public types: connections and errors are `Send` and may be shared.

use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use smtp::connection::{AnyConnection, DataError, Refused, TransitionError};
use smtp::error::{DeliveryUnknown, Fault, NoTimer, ReplyError};
use smtp::state::{Authed, Greeted, InTransaction, Tls};
use smtp::testing::{Peer, ScriptedStream};
use smtp::transport::{Clock, TokioClock};
use smtp::{Connection, DeliverError, Envelope, Error, Lost, Receipt, Refusal, Server, Submission};
use tests::{script, server};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

fn shared<T: Send + Sync + 'static>() {}

#[test]
fn connections_and_errors_may_be_shared() {
    shared::<Connection<Greeted>>();
    shared::<Connection<Tls>>();
    shared::<Connection<Authed>>();
    shared::<Connection<InTransaction<Greeted>>>();
    shared::<Connection<InTransaction<Authed>>>();
    shared::<AnyConnection>();
    shared::<Error>();
    shared::<Fault>();
    shared::<Lost>();
    shared::<NoTimer>();
    shared::<Refusal>();
    shared::<ReplyError>();
    shared::<DeliverError>();
    shared::<DeliveryUnknown>();
    shared::<TransitionError<Greeted>>();
    shared::<TransitionError<Tls>>();
    shared::<TransitionError<InTransaction<Authed>>>();
    shared::<DataError<Authed>>();
    shared::<Refused<Tls>>();
    shared::<Receipt>();
    shared::<Server>();
    shared::<Submission>();
    shared::<TokioClock>();
    shared::<Box<dyn Clock>>();
    shared::<ScriptedStream>();
    shared::<Peer>();
}

/// A stream that is `Send` and not `Sync`.
struct NotSync(ScriptedStream, PhantomData<Cell<()>>);

impl AsyncRead for NotSync {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for NotSync {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_sync_carries_a_session_in_a_task() {
    let dialogue = "C: MAIL FROM:<me@example.com>
        S: 250 ok
        C: RCPT TO:<you@example.org>
        S: 250 ok
        C: DATA
        S: 354 go on
        C: x
        C: .
        S: 250 queued
        C: QUIT";
    let (stream, peer) = script(&[], dialogue).start();
    let session = tokio::spawn(async move {
        let stream = NotSync(stream, PhantomData);
        let mut connection = Connection::from_stream(stream, &server()).await?;
        let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
        connection.deliver(&envelope, "x").await?;
        connection.quit().await?;
        Ok::<_, Error>(())
    });
    session.await.expect("a task").expect("a session");
    peer.finish();
}
