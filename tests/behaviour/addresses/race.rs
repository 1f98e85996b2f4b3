//! Several attempts at a time (RFC 8305).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use smtp::connect::{Families, Timeouts};
use smtp::error::{Blame, Fault};
use smtp::transport::{Clock, Connect, Connected, NoTimer, Target, Tcp};
use smtp::{Connection, Error, Server};
use tests::{error, hello, server};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, duplex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::MILLISECOND;
use super::network::{At, Network, address, addresses, server_at};
use smtp::testing::Script;

const DELAY: Duration = Duration::from_millis(250);

/// One address that is dead, and one whose server is a round trip away.
#[derive(Debug)]
struct DeadFirst {
    dead: SocketAddr,
    round_trip: Duration,
    to_test: mpsc::UnboundedSender<String>,
}

impl Connect for DeadFirst {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            if target.address() == Some(self.dead) {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(self.round_trip).await;
            let (client, server) = duplex(1024);
            let (to_test, round_trip) = (self.to_test.clone(), self.round_trip);
            tokio::spawn(async move {
                let mut server = BufReader::new(server);
                // The handshake's last packet, and the greeting.
                tokio::time::sleep(round_trip).await;
                server.write_all(b"220 hi\r\n").await.expect("a client");
                let mut line = String::new();
                server.read_line(&mut line).await.expect("a line");
                to_test.send(line).expect("a test");
                server.write_all(b"250 hi\r\n").await.expect("a client");
                let _ = server.read_line(&mut String::new()).await;
            });
            Ok(Connected::new(client))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_first_address_costs_a_quarter_of_a_second() {
    for round_trip in [1, 40, 200].map(Duration::from_millis) {
        let [dead, alive] = ["[2001:db8::1]:25", "192.0.2.1:25"].map(address);
        let (to_test, mut from_client) = mpsc::unbounded_channel();
        let connector = DeadFirst { dead, round_trip, to_test };
        let server = server().at([alive, dead]).connector(connector);
        let began = tokio::time::Instant::now();
        let ehlo = async {
            let line = from_client.recv().await.expect("a line");
            (line, began.elapsed())
        };
        let (connection, (line, took)) = tokio::join!(Connection::connect(&server), ehlo);
        connection.expect("a session");
        assert_eq!(line, "EHLO client.example.test\r\n");
        let least = DELAY + 2 * round_trip;
        assert!(took >= least && took <= least + 50 * MILLISECOND, "{round_trip:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_begins_after_a_delay_or_a_failure() {
    let all = addresses("[::1]:25 192.0.2.1:25 [::2]:25 192.0.2.2:25 192.0.2.3:25 192.0.2.4:25");
    let refused = |index: usize| (all[index], At::Refusal);
    // The first two do not answer, two more fail after 10 ms, the fifth never answers.
    let script = Script::new(&hello(&[])).then("-- silence --");
    let hosts = [refused(2), refused(3), (all[5], At::Server(script))];
    let network = Network::new(10 * MILLISECOND, hosts);
    Connection::connect(&server_at(&network, &all)).await.expect("a session");
    let times: Vec<_> = network.dialed().iter().map(|(_, at)| at.as_millis()).collect();
    for (time, expected) in times.iter().zip([0, 250, 500, 510, 520, 770]) {
        assert!(time.abs_diff(expected) <= 5, "{times:?}");
    }
    assert_eq!(network.dialed().into_iter().map(|(address, _)| address).collect::<Vec<_>>(), all);
    // After the sixth there is nothing to wait for.
    assert!(network.elapsed() < 800 * MILLISECOND, "{:?}", network.elapsed());
}

#[tokio::test(start_paused = true)]
async fn all_attempts_have_one_deadline() {
    let all = addresses("[::1]:25 192.0.2.1:25 192.0.2.2:25 192.0.2.3:25");
    let network = Network::new(10 * MILLISECOND, [(all[1], At::Refusal)]);
    let mut timeouts = Timeouts::default();
    timeouts.connect = Duration::from_millis(400);
    let server = server_at(&network, &all).timeouts(timeouts);
    let Error::Lost(lost) = error(Connection::connect(&server).await) else { panic!("no session") };
    assert!(network.elapsed().abs_diff(400 * MILLISECOND) <= 5 * MILLISECOND);
    assert!(matches!(lost.fault(), Fault::Unreachable(_)), "{lost:?}");
    assert_eq!((lost.blame(), lost.is_transient()), (Blame::Network, true));
    let mut tried: Vec<_> =
        lost.attempts().iter().map(|attempt| attempt.address().expect("an address")).collect();
    assert_eq!(tried[0], all[1], "it failed first: {lost}");
    tried.sort_unstable();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    assert_eq!(tried, sorted, "{lost}");
    for attempt in lost.attempts() {
        let refused = attempt.error().downcast_ref::<io::Error>().expect("of I/O").kind();
        let (kind, took) = match attempt.address() {
            Some(address) if address == all[0] => (io::ErrorKind::TimedOut, 400),
            Some(address) if address == all[1] => (io::ErrorKind::ConnectionRefused, 10),
            Some(address) if address == all[2] => (io::ErrorKind::TimedOut, 140),
            _ => (io::ErrorKind::TimedOut, 0),
        };
        assert_eq!(refused, kind, "{attempt}");
        assert!(attempt.took().as_millis().abs_diff(took) <= 5, "{attempt}");
        assert!(lost.to_string().contains(&attempt.to_string()), "{lost}");
    }
    let text = lost.to_string();
    assert!(text.starts_with("cannot connect to mail.example.test port 25: 192.0.2.1:25: "));
    assert!(text.contains("192.0.2.3:25: not tried in the time for connecting"), "{text}");
}

/// A clock that the test moves.
#[derive(Clone, Debug)]
struct Moved(Arc<Mutex<(Instant, Vec<(Instant, Waker)>)>>);

impl Moved {
    fn advance(&self, time: Duration) {
        let mut state = self.0.lock().expect("the time");
        state.0 += time;
        let now = state.0;
        let due: Vec<_> = state.1.extract_if(.., |(deadline, _)| *deadline <= now).collect();
        drop(state);
        for (_, waker) in due {
            waker.wake();
        }
    }
}

impl Clock for Moved {
    fn now(&self) -> Instant {
        self.0.lock().expect("the time").0
    }

    fn timer(
        &self,
        deadline: Instant,
    ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
        let clock = self.clone();
        Ok(Box::pin(std::future::poll_fn(move |cx| {
            let mut state = clock.0.lock().expect("the time");
            if deadline <= state.0 {
                return Poll::Ready(());
            }
            state.1.push((deadline, cx.waker().clone()));
            Poll::Pending
        })))
    }
}

/// Sockets that are connected, and then wait for a proxy that does not answer.
#[derive(Debug)]
struct Stuck;

impl Connect for Stuck {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            let _dialed = Tcp.connect(target).await?;
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn a_dropped_call_closes_all_its_sockets() {
    let mut listeners = Vec::new();
    for _ in 0..8 {
        listeners.push(TcpListener::bind(("127.0.0.1", 0)).await.expect("a port"));
    }
    let at = listeners.iter().map(|listener| listener.local_addr().expect("an address"));
    let clock = Moved(Arc::new(Mutex::new((Instant::now(), Vec::new()))));
    let server = Server::new("mail.example.com", 25).at(at).connector(Stuck).clock(clock.clone());
    let mut accepted = Vec::new();
    {
        let mut connect = std::pin::pin!(Connection::connect(&server));
        for listener in &listeners {
            let stream = tokio::select! {
                result = &mut connect => panic!("{result:?}"),
                accepted = tokio::time::timeout(Duration::from_secs(20), listener.accept()) => {
                    accepted.expect("the next attempt").expect("a client").0
                }
            };
            accepted.push(stream);
            // No other one begins before its time.
            clock.advance(249 * MILLISECOND);
            let waits =
                std::future::poll_fn(|cx| Poll::Ready(connect.as_mut().poll(cx).is_pending()));
            assert!(waits.await);
            clock.advance(MILLISECOND);
        }
        for stream in &accepted {
            let read = stream.try_read(&mut [0]);
            assert_eq!(read.expect_err("nothing").kind(), io::ErrorKind::WouldBlock);
        }
    }
    assert_eq!(accepted.len(), 8);
    for mut stream in accepted {
        assert_eq!(stream.read(&mut [0]).await.expect("an end"), 0, "it is closed");
    }
}

/// The winner is the only socket that stays.
#[tokio::test(start_paused = true)]
async fn the_losers_are_closed() {
    #[derive(Debug)]
    struct SlowFirst(Arc<()>);

    impl Connect for SlowFirst {
        fn connect<'a>(
            &'a self,
            target: &'a Target,
        ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
            let held = Arc::clone(&self.0);
            Box::pin(async move {
                let first = target.address() == Some(address("192.0.2.1:25"));
                tokio::time::sleep(if first { 300 } else { 20 } * MILLISECOND).await;
                drop(held);
                let (stream, peer) = Script::new(&hello(&[])).then("-- silence --").start();
                drop(peer);
                Ok(Connected::new(stream))
            })
        }
    }

    let held = Arc::new(());
    let server = server()
        .at(addresses("192.0.2.1:25 192.0.2.2:25 192.0.2.3:25"))
        .connector(SlowFirst(Arc::clone(&held)))
        .families(Families::Ipv4Only);
    let began = tokio::time::Instant::now();
    Connection::connect(&server).await.expect("a session");
    assert!(began.elapsed().abs_diff(270 * MILLISECOND) <= 5 * MILLISECOND);
    assert_eq!(Arc::strong_count(&held), 2, "no attempt is under way");
}
