//! Callers that go: each future is dropped at each of its await points, and no other caller notices.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use smtp_pool::{Pool, Pools, Rate, Reason, Schedule, SendError, Settings};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tower::Service as _;

use super::peer::{Peer, Plan, message};

/// A future that is dropped once it was polled so many times.
struct Polled<F>(Option<Pin<Box<F>>>, usize);

impl<F: Future> Future for Polled<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self(future, left) = &mut *self;
        let polled = future.as_mut().map(|future| future.as_mut().poll(cx));
        *left = left.saturating_sub(1);
        match polled {
            Some(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Some(Poll::Pending) if *left > 0 => Poll::Pending,
            _ => {
                *future = None;
                Poll::Ready(None)
            }
        }
    }
}

fn polled<F: Future>(future: F, times: usize) -> Polled<F> {
    Polled(Some(Box::pin(future)), times)
}

fn slow() -> Plan {
    let step = Duration::from_millis(5);
    Plan { takes: step, greets_after: step, ..Plan::default() }
}

/// The findings of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// No connection.
    Nothing,
    /// One with nothing to do.
    Idle,
    /// One with as many messages as it may have.
    Busy,
    /// One that the server has closed.
    Stale,
    /// A rate that is used up.
    Rate,
    /// Another destination has the only place in all.
    NoPlace,
}

const FOUND: [Found; 6] =
    [Found::Nothing, Found::Idle, Found::Busy, Found::Stale, Found::Rate, Found::NoPlace];

struct Case {
    peer: Peer,
    pool: Pool<smtp::Connection<smtp::state::Greeted>>,
    others: JoinSet<()>,
    sent: usize,
}

impl Case {
    async fn new(found: Found) -> Self {
        Self::with(found, Settings::new()).await
    }

    async fn with(found: Found, settings: Settings) -> Self {
        let peer = Peer::new(slow());
        let mut settings = settings.connections(1).messages_in_flight(1);
        if found == Found::Rate {
            settings = settings.message_rate(Rate::new(1, Duration::from_secs(1)));
        }
        let pools = Pools::new(settings, 1);
        let other = pools.to(Peer::new(slow()).server("other.test"));
        let pool = pools.to(peer.server("a.test"));
        let mut case = Self { peer, pool, others: JoinSet::new(), sent: 0 };
        match found {
            Found::Nothing => {}
            Found::Idle | Found::Rate => case.send().await,
            Found::Busy => {
                (0..3).for_each(|_| case.spawn());
                sleep(Duration::from_millis(1)).await;
            }
            Found::Stale => {
                case.send().await;
                case.peer.end_all("421 4.4.2 idle too long\r\n");
            }
            Found::NoPlace => {
                for number in 0..3 {
                    let other = other.clone();
                    let (envelope, body) = message(number);
                    case.others.spawn(async move {
                        other.send(envelope, body).await.expect("taken");
                    });
                }
                sleep(Duration::from_millis(1)).await;
            }
        }
        case
    }

    fn spawn(&mut self) {
        self.sent += 1;
        let (pool, number) = (self.pool.clone(), self.sent);
        self.others.spawn(async move {
            let (envelope, body) = message(number);
            pool.send(envelope, body).await.expect("taken");
        });
    }

    async fn send(&mut self) {
        self.spawn();
        self.others.join_next().await.expect("one").expect("taken");
    }

    /// Others are served, and nothing is left of the caller that has gone.
    async fn judge(mut self, name: &str) {
        (0..3).for_each(|_| self.spawn());
        let served = timeout(Duration::from_secs(20), async {
            while let Some(done) = self.others.join_next().await {
                done.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        });
        served.await.unwrap_or_else(|_| panic!("{name}: others wait for ever"));
        sleep(Duration::from_secs(1)).await;
        let in_flight: usize = self.pool.connections().iter().map(|it| it.in_flight).sum();
        assert_eq!(in_flight, 0, "{name}");
        let counts = self.peer.counts();
        assert_eq!(counts.most_open, 1, "{name}");
        assert!(counts.taken.values().all(|&times| times == 1), "{name}: {counts:?}");
        let is_taken = |number: &usize| counts.taken.contains_key(&format!("Subject: {number}"));
        assert_eq!((1..=self.sent).filter(is_taken).count(), self.sent, "{name}: {counts:?}");
        assert_eq!(self.pool.connections().len(), counts.open, "{name}: {counts:?}");
        assert_eq!(self.pool.close(Duration::from_secs(1)).await, 0, "{name}");
        assert_eq!(self.peer.counts().open, 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_at_any_point_of_a_send_leaves_nothing() {
    for found in FOUND {
        for times in 1.. {
            let case = Case::new(found).await;
            let (envelope, body) = message(0);
            let sent = polled(case.pool.send(envelope, body), times).await;
            let is_done = sent.is_some();
            if let Some(result) = sent {
                result.unwrap_or_else(|error| panic!("{found:?}: {error}"));
                assert_eq!(case.peer.counts().taken.get("Subject: 0"), Some(&1));
            }
            case.judge(&format!("{found:?}, {times} polls")).await;
            if is_done {
                assert!(times > 1, "{found:?}: a send waits");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_at_any_point_of_a_check_out_leaves_nothing() {
    for found in FOUND {
        for times in 1.. {
            let case = Case::new(found).await;
            let lent = polled(case.pool.check_out(), times).await;
            let is_done = lent.is_some();
            if let Some(lent) = lent {
                let (connection, ticket) =
                    lent.unwrap_or_else(|error| panic!("{found:?}: {error}"));
                ticket.give_back(connection);
            }
            case.judge(&format!("{found:?}, {times} polls")).await;
            if is_done {
                break;
            }
        }
    }
}

/// The other calls that wait.
#[derive(Clone, Copy, Debug)]
enum Call {
    Check,
    Retry,
    SendAll,
    Service,
    WarmUp,
}

impl Call {
    /// Whether it was done before it was polled so many times.
    async fn run(self, pool: &Pool<smtp::Connection<smtp::state::Greeted>>, times: usize) -> bool {
        let (envelope, body) = message(0);
        match self {
            Self::Check => {
                let checked = polled(pool.check(), times).await;
                checked.map(|result| result.expect("it can be used")).is_some()
            }
            Self::Retry => {
                let retry = pool.retry(Schedule::new());
                let report = polled(retry.send(envelope, body), times).await;
                report.map(|report| report.expect("taken")).is_some()
            }
            Self::SendAll => {
                let messages = stream::iter(1000..1003).map(message);
                let all = pool.send_all(messages, |_, result| drop(result.expect("taken")));
                polled(all, times).await.is_some()
            }
            Self::Service => {
                let sent = pool.clone().call((envelope, body));
                polled(sent, times).await.map(|result| result.expect("taken")).is_some()
            }
            Self::WarmUp => polled(pool.warm_up(), times).await.is_some(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_at_any_point_of_another_call_leaves_nothing() {
    for call in [Call::Check, Call::Retry, Call::SendAll, Call::Service, Call::WarmUp] {
        for found in FOUND {
            for times in 1.. {
                let warm = usize::from(matches!(call, Call::WarmUp));
                let case = Case::with(found, Settings::new().warm(warm)).await;
                let is_done = call.run(&case.pool, times).await;
                case.judge(&format!("{call:?}, {found:?}, {times} polls")).await;
                if is_done {
                    break;
                }
            }
        }
    }
}

/// A pool stays closed, finishes what is under way, and answers every caller.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_at_any_point_of_a_close_leaves_the_pool_closed() {
    for found in FOUND {
        for times in 1.. {
            let Case { peer, pool, mut others, .. } = Case::new(found).await;
            let (envelope, body) = message(0);
            let waits = tokio::spawn({
                let pool = pool.clone();
                async move { pool.send(envelope, body).await }
            });
            sleep(Duration::from_millis(1)).await;
            let name = format!("{found:?}, {times} polls");
            let is_done = polled(pool.close(Duration::from_secs(5)), times).await.is_some();
            let (envelope, body) = message(1000);
            let error = pool.send(envelope, body).await.expect_err("it is closed");
            let SendError::NotSent(not_sent) = error else { panic!("{name}: {error}") };
            assert!(matches!(not_sent.reason(), Reason::Closed), "{name}");
            let answered = timeout(Duration::from_secs(5), async {
                let is_taken = waits.await.expect("no panic").is_ok();
                // Those that wait for a connection are not sent: their tasks panic.
                while others.join_next().await.is_some() {}
                is_taken
            });
            let is_taken = answered.await.unwrap_or_else(|_| panic!("{name}: no answer"));
            sleep(Duration::from_secs(1)).await;
            let counts = peer.counts();
            assert_eq!((pool.connections().len(), counts.open), (0, 0), "{name}");
            assert_eq!(counts.taken.contains_key("Subject: 0"), is_taken, "{name}");
            assert!(counts.taken.values().all(|&times| times == 1), "{name}: {counts:?}");
            if is_done {
                break;
            }
        }
    }
}

/// A connection that was interrupted at any point of an exchange is not given to another caller.
#[tokio::test(start_paused = true)]
async fn a_connection_that_was_interrupted_at_any_point_does_not_come_back() {
    let mut interrupted = 0;
    for times in 0.. {
        let peer = Peer::new(slow());
        let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
        let (mut connection, ticket) = pool.check_out().await.expect("a new one");
        let (envelope, body) = message(0);
        // More than the stream takes at once.
        let body = body + &"Text.\r\n".repeat(50_000);
        let is_done = if times == 0 {
            // It was never polled: nothing has begun.
            drop(connection.deliver(&envelope, body));
            false
        } else {
            polled(connection.deliver(&envelope, body), times).await.is_some()
        };
        ticket.give_back(connection);
        let (envelope, body) = message(1);
        pool.send(envelope, body).await.unwrap_or_else(|error| panic!("{times} polls: {error}"));
        let counts = peer.counts();
        let connections = if times == 0 || is_done { 1 } else { 2 };
        assert_eq!(counts.connections, connections, "{times} polls");
        assert_eq!(counts.taken.get("Subject: 1"), Some(&1), "{times} polls");
        if is_done {
            break;
        }
        interrupted += usize::from(times > 0);
    }
    assert!(interrupted > 2, "{interrupted}");
}

/// Where a caller waits until its time is over.
#[tokio::test(start_paused = true)]
async fn the_wait_ends_in_time_wherever_a_caller_waits() {
    let wait = Duration::from_secs(7);
    let never = Plan { greets_after: Duration::from_secs(24 * 60 * 60), ..Plan::default() };
    let hangs = Plan { hangs_at: Some("."), ..Plan::default() };
    let table = [
        ("for a connection that is being opened", never, false),
        ("for room in a window", hangs.clone(), false),
        ("for a place in all", hangs, true),
    ];
    for (name, plan, elsewhere) in table {
        for owns in [false, true] {
            let settings = Settings::new().connections(1).messages_in_flight(1).wait(wait);
            let pools = Pools::new(settings, 1);
            let peer = Peer::new(plan.clone());
            let first = pools.to(peer.server(if elsewhere { "b.test" } else { "a.test" }));
            let mut before = JoinSet::new();
            before.spawn(async move {
                let (envelope, body) = message(0);
                let _ = first.send(envelope, body).await;
            });
            sleep(Duration::from_secs(1)).await;
            let pool = pools.to(peer.server("a.test"));
            let begin = Instant::now();
            let reason = if owns {
                pool.check_out().await.map(drop).expect_err("busy")
            } else {
                let (envelope, body) = message(1);
                match pool.send(envelope, body).await.expect_err("busy") {
                    SendError::NotSent(not_sent) => not_sent.reason().clone(),
                    SendError::Delivery(error) => panic!("{name}: {error}"),
                }
            };
            assert!(matches!(reason, Reason::Busy(_)), "{name}: {reason}");
            let waited = begin.elapsed();
            assert!(wait <= waited && waited <= wait + wait / 100, "{name}: {waited:?}");
        }
    }
}

/// A connection for which no caller waits any more is not opened, once there is a place for it.
#[tokio::test(start_paused = true)]
async fn no_connection_is_opened_for_a_caller_that_has_gone() {
    let pools = Pools::new(Settings::new().wait(Duration::from_secs(5)), 1);
    let (first, second) = (Peer::new(Plan::default()), Peer::new(Plan::default()));
    let lent = pools.to(first.server("a.test")).check_out().await.expect("a new one");
    let pool = pools.to(second.server("b.test"));
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.expect_err("there is no place");
    drop(lent);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(second.counts().connections, 0);
    let (envelope, body) = message(1);
    pool.send(envelope, body).await.expect("taken");
}

/// The connection has a message whose caller has gone: its place is taken until it is finished.
#[tokio::test(start_paused = true)]
async fn a_message_keeps_its_place_when_its_caller_goes() {
    let second = Duration::from_secs(1);
    let peer = Peer::new(Plan { takes: 10 * second, ..Plan::default() });
    let settings = Settings::new().connections(1).messages_in_flight(1);
    let pool = Pool::with_settings(peer.server("a.test"), settings.idle(2 * second));
    let (envelope, body) = message(0);
    timeout(second, pool.send(envelope, body)).await.expect_err("it takes ten seconds");
    for (after, in_flight) in [(0, 1), (8, 1), (2, 0)] {
        sleep(after * second).await;
        let connections = pool.connections();
        assert_eq!(connections[0].in_flight, in_flight, "after {after} s");
    }
    assert_eq!(peer.counts().taken.len(), 1);
    assert_eq!(peer.counts().cut, 0, "it was not idle");
}

/// A message that waits for room is not sent, and its place is free at once.
#[tokio::test(start_paused = true)]
async fn a_message_that_has_not_begun_leaves_with_its_caller() {
    let second = Duration::from_secs(1);
    let peer = Peer::new(Plan { takes: 10 * second, ..Plan::default() });
    let settings = Settings::new().connections(1).messages_in_flight(3);
    let server = peer.server("a.test").transfer(smtp::Transfer::data().window(1, u64::MAX));
    let pool = Pool::with_settings(server, settings);
    let mut sends = Vec::new();
    for number in 0..3 {
        let (pool, (envelope, body)) = (pool.clone(), message(number));
        sends.push(tokio::spawn(async move { pool.send(envelope, body).await }));
        sleep(second).await;
    }
    assert_eq!(pool.connections()[0].in_flight, 3);
    sends[2].abort();
    sends[0].abort();
    sleep(second).await;
    assert_eq!(pool.connections()[0].in_flight, 2, "one was taken out");
    sleep(30 * second).await;
    assert_eq!(pool.connections()[0].in_flight, 0);
    let mut taken: Vec<_> = peer.counts().taken.into_keys().collect();
    taken.sort();
    assert_eq!(taken, ["Subject: 0", "Subject: 1"]);
}

/// The result of a message whose caller has gone counts all the same.
#[tokio::test(start_paused = true)]
async fn a_limit_shows_although_the_caller_has_gone() {
    let second = Duration::from_secs(1);
    let reply = "452 4.5.3 too many messages\r\n";
    let peer = Peer::new(Plan { at_most: Some((2, reply)), ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
    for number in 0..2 {
        let (envelope, body) = message(number);
        pool.send(envelope, body).await.expect("taken");
    }
    peer.plan().answers_after = second;
    let (envelope, body) = message(2);
    timeout(second / 2, pool.send(envelope, body)).await.expect_err("it is refused later");
    sleep(5 * second).await;
    peer.plan().answers_after = Duration::ZERO;
    for number in 3..7 {
        let (envelope, body) = message(number);
        pool.send(envelope, body).await.expect("taken");
    }
    pool.close(second).await;
    assert_eq!(peer.counts().refused_mails, 1, "the others were not asked for in vain");
}

/// A caller who wants a connection for itself and goes away costs none.
#[tokio::test(start_paused = true)]
async fn a_caller_that_no_longer_wants_a_connection_ends_none() {
    let second = Duration::from_secs(1);
    let peer = Peer::new(Plan { takes: 10 * second, ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
    let (envelope, body) = message(0);
    let send = tokio::spawn({
        let pool = pool.clone();
        async move { pool.send(envelope, body).await }
    });
    sleep(second).await;
    timeout(second, pool.check_out()).await.map(drop).expect_err("it has a message");
    timeout(second, pool.check()).await.expect_err("it has a message");
    send.await.expect("no panic").expect("taken");
    sleep(second).await;
    let (envelope, body) = message(1);
    pool.send(envelope, body).await.expect("taken");
    let counts = peer.counts();
    assert_eq!((counts.connections, counts.open), (1, 1));
}
