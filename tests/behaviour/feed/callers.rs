//! Callers of a shared connection that drop their futures, and the wakers of others.

use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use smtp::Body;
use smtp::connection::Feed;
use tests::slow;

use super::*;

/// A caller that goes away before its body has begun takes its message with it, also when the
/// message was announced: no other caller waits for a source that may never give anything.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_before_its_body_begins() {
    let announced = "C: MAIL *\nC: RCPT TO:<you0@*\n";
    let two = "S: 250 ok\nS: 250 ok\n";
    let next = "C: MAIL *\nC: RCPT TO:<you1@*\n";
    let rows = [
        (
            Transfer::data(),
            format!(
                "{announced}{two}C: RSET\n{next}C: DATA\nS: 250 reset\n{two}S: 354 go
                 C: 1\nC: .\nS: 250 taken"
            ),
        ),
        (
            Transfer::chunks(),
            format!(
                "{announced}{two}C: RSET\n{next}S: 250 reset\n{two}
                 C: BDAT 3 LAST\nC: 1\nS: 250 taken"
            ),
        ),
        (
            Transfer::eager(),
            format!(
                "{announced}{two}C: RSET\n{next}C: BDAT 3 LAST\nC: 1\nS: 250 reset\n{two}
                 S: 250 taken\nC: HELP\nS: 214 help"
            ),
        ),
    ];
    let ways = [(false, false), (true, false), (false, true)];
    for ((transfer, dialogue), (made, abandons)) in
        rows.iter().flat_map(|row| ways.map(|way| (row, way)))
    {
        let (mut connection, peer) = connected(CHUNKING, dialogue).await;
        connection.set_transfer(transfer.clone());
        let (feed, running) = connection.feed();
        let mut running = pin!(running);
        let silent = || slow([(u64::MAX / 4, None)]);
        // One that is made for its recipients has not begun before its first piece is there.
        let each = Body::each(move |_| Ok::<_, std::convert::Infallible>(silent()));
        let mut first = Box::pin(feed.deliver(envelope(0), if made { each } else { silent() }));
        let second = tokio::spawn(feed.deliver(envelope(1), "1\r\n"));
        drop(feed);
        assert!(once(first.as_mut()).await.is_pending());
        for _ in 0..10 {
            assert!(once(running.as_mut()).await.is_pending());
            tokio::task::yield_now().await;
        }
        // An owner that counts the messages of the connection learns when it is done with this one.
        let rest = Pin::into_inner(first).abandon().filter(|_| abandons);
        let waited = tokio::time::timeout(Duration::from_secs(60), running).await;
        let came = waited.unwrap_or_else(|_| panic!("{transfer:?}: it is still waited for"));
        assert!(came.is_ok(), "{transfer:?}: {}", peer.dialogue());
        second.await.expect("a task").expect("delivered");
        if let Some(rest) = rest {
            let error = rest.await.expect_err("it was taken out");
            assert!(matches!(error, DeliverError::Refused(_)), "{error}");
        }
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_given_up_ends_where_it_has_begun() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 taken", group(0));
    let (connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed();
    let mut running = pin!(running);
    let mut first = Box::pin(feed.deliver(envelope(0), "0\r\n"));
    let mut second = Box::pin(feed.deliver(envelope(1), "1\r\n"));
    let third = feed.deliver(envelope(2), "2\r\n");
    drop(feed);
    assert!(once(first.as_mut()).await.is_pending());
    assert!(once(running.as_mut()).await.is_pending());
    let first = Pin::into_inner(first).abandon().expect("it has room in the window");
    assert!(once(second.as_mut()).await.is_pending());
    assert!(Pin::into_inner(second).abandon().is_none(), "it waits for room");
    assert!(third.abandon().is_none(), "it was never polled");
    running.await.expect("the server has answered");
    assert_eq!(first.await.expect("taken").reply().code().value(), 250);
    peer.finish();
}

/// A waker that lets go of a handle as soon as its task is woken, as an executor may that drops it.
struct LetsGo(Mutex<Option<Feed>>);

impl Wake for LetsGo {
    fn wake(self: Arc<Self>) {
        let feed = self.0.lock().expect("one thread").take();
        drop(feed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_let_go_of_its_handle_while_it_is_woken() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 taken", group(0));
    for submits in [true, false] {
        let (connection, peer) = connected(PIPELINING, &dialogue).await;
        let (feed, running) = connection.feed();
        let mut submission = Box::pin(feed.submit(envelope(0), "0\r\n"));
        let mut delivery = Box::pin(feed.deliver(envelope(0), "0\r\n"));
        let waker = Waker::from(Arc::new(LetsGo(Mutex::new(Some(feed)))));
        let mut cx = Context::from_waker(&waker);
        if submits {
            assert!(submission.as_mut().poll(&mut cx).is_pending());
        } else {
            assert!(delivery.as_mut().poll(&mut cx).is_pending());
        }
        // The other was never polled: its handle goes as well.
        let mut both = (Some(submission), Some(delivery));
        if submits {
            both.1 = None;
        } else {
            both.0 = None;
        }
        running.await.expect("a connection");
        peer.finish();
    }
}

/// A caller that gave a message of its own gets it back from every call; what it lends, it has.
#[tokio::test(start_paused = true)]
async fn a_message_that_was_given_away_comes_back() {
    let bodies: [(fn() -> Body<'static>, bool); 3] = [
        (|| Body::from(String::from("own\r\n")), true),
        (|| Body::from("static, and lent\r\n"), false),
        (|| slow([(0, Some("x\r\n"))]), false),
    ];
    for (body, comes_back) in bodies {
        let (mut connection, _peer) = connected(&[], "-- close --").await;
        connection.closed().await;
        let error = connection.deliver(&envelope(0), body()).await.expect_err("gone");
        let DeliverError::NotSent(unsent) = error else { panic!("{error:?}") };
        let message = unsent.into_message();
        assert_eq!(message.is_some(), comes_back);
        if let Some((back, body)) = message {
            let dialogue = format!("{}{OPENED}C: own\nC: .\nS: 250 taken", group(0));
            let (mut other, peer) = connected(PIPELINING, &dialogue).await;
            other.deliver(&back, body).await.expect("delivered elsewhere");
            peer.finish();
        }
    }
}

/// Why a connection has ended is told once, to the call that asks next.
#[tokio::test(start_paused = true)]
async fn the_reason_that_is_open_has_seen_is_told_by_the_next_call() {
    for asked in 0..4 {
        let (mut connection, _peer) = connected(&[], "S: 421 idle too long\n-- close --").await;
        tokio::task::yield_now().await;
        assert!(!connection.is_open() && !connection.is_open());
        let lost = match asked {
            0 => connection.closed().await,
            1 => match connection.deliver(&envelope(0), "x\r\n").await {
                Err(DeliverError::NotSent(unsent)) => unsent.lost().expect("the reason").clone(),
                other => panic!("{other:?}"),
            },
            2 => match connection.send(Noop).await {
                Err(smtp::Error::Lost(lost)) => lost,
                other => panic!("{other:?}"),
            },
            _ => {
                connection.quit().await.expect("the server was only faster");
                continue;
            }
        };
        let said = lost.reply().map(|reply| reply.text().into_owned());
        assert_eq!(said.as_deref(), Some("idle too long"), "{asked}: {lost}");
        // Then it was told.
        let again = connection.closed().await;
        assert!(matches!(again.fault(), Fault::Ended), "{again}");
    }
}
