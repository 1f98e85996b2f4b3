//! The counters of a pool, and the table of them in the documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use smtp_pool::{Breaker, Pool, Schedule, Settings};
use tokio::time::sleep;

use super::peer::{Peer, Plan, message};

/// Keeps all values, by the name of the instrument and its labels.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    counters: BTreeMap<String, Arc<AtomicU64>>,
    gauges: BTreeMap<String, Arc<AtomicU64>>,
    histograms: BTreeMap<String, Arc<Values>>,
    labels: BTreeMap<String, BTreeSet<String>>,
    described: BTreeMap<String, &'static str>,
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

/// The name, and the label of the instrument's own.
fn name(key: &Key) -> String {
    let own = key.labels().filter(|label| !label.key().starts_with("server."));
    own.fold(key.name().to_owned(), |name, label| format!("{name}:{}", label.value()))
}

impl Kept {
    fn note(&self, key: &Key) -> std::sync::MutexGuard<'_, Inner> {
        let mut inner = self.0.lock().unwrap();
        let labels = inner.labels.entry(key.name().to_owned()).or_default();
        labels.extend(key.labels().map(|label| label.key().to_owned()));
        inner
    }

    fn describe(&self, key: &KeyName, kind: &'static str) {
        self.0.lock().unwrap().described.insert(key.as_str().to_owned(), kind);
    }

    fn counter(&self, name: &str) -> u64 {
        self.0.lock().unwrap().counters[name].load(Ordering::Relaxed)
    }

    /// In digits: a float has no equality that is worth its name.
    fn gauge(&self, name: &str) -> String {
        f64::from_bits(self.0.lock().unwrap().gauges[name].load(Ordering::Relaxed)).to_string()
    }

    fn histogram(&self, name: &str) -> Vec<f64> {
        self.0.lock().unwrap().histograms[name].0.lock().unwrap().clone()
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&key, "counter");
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&key, "gauge");
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        assert_eq!(unit, Some(Unit::Seconds));
        self.describe(&key, "histogram");
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(self.note(key).counters.entry(name(key)).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::clone(self.note(key).gauges.entry(name(key)).or_default()))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(self.note(key).histograms.entry(name(key)).or_default()))
    }
}

type Clear = Pool<smtp::Connection<smtp::state::Greeted>>;

fn counted(peer: &Peer, settings: Settings) -> (Clear, Kept) {
    let kept = Kept::default();
    let make = || Pool::with_settings(peer.server("a.test"), settings);
    (metrics::with_local_recorder(&kept, make), kept)
}

async fn send(pool: &Clear) -> bool {
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn messages_and_connections_are_counted() {
    let peer = Peer::new(Plan { takes: Duration::from_secs(2), ..Plan::default() });
    let settings = Settings::new().connections(1).messages_in_flight(1);
    let (pool, kept) = counted(&peer, settings.wait(Duration::from_secs(3)));
    // The first is taken, the second waits for it, and the third waits in vain.
    let sends: Vec<_> = (0..3)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { send(&pool).await })
        })
        .collect();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(kept.gauge("smtp_pool.callers.waiting"), "2");
    assert_eq!(kept.gauge("smtp_pool.connections.open"), "1");
    let mut taken = Vec::new();
    for send in sends {
        taken.push(send.await.expect("no panic"));
    }
    assert_eq!(taken, [true, true, false]);
    assert_eq!(kept.gauge("smtp_pool.callers.waiting"), "0");
    assert_eq!(kept.counter("smtp_pool.messages:delivered"), 2);
    assert_eq!(kept.counter("smtp_pool.messages:not_sent"), 1);
    assert_eq!(seconds(&kept, "smtp_pool.place.duration"), [0, 2]);
    assert_eq!(seconds(&kept, "smtp_pool.send.duration"), [2, 3, 4]);
    // A caller that goes.
    let going = tokio::time::timeout(Duration::from_secs(1), send(&pool));
    going.await.expect_err("it takes two seconds");
    assert_eq!(kept.counter("smtp_pool.messages:cancelled"), 1);
    pool.close(Duration::from_secs(10)).await;
    assert_eq!(kept.gauge("smtp_pool.connections.open"), "0");
    assert_eq!(kept.counter("smtp_pool.connections.opened"), 1);
    assert_eq!(kept.counter("smtp_pool.connections.ended:closed"), 1);
}

/// Whole seconds, from the least.
fn seconds(kept: &Kept, name: &str) -> Vec<u64> {
    let mut values: Vec<_> = kept
        .histogram(name)
        .iter()
        .map(|value| Duration::from_secs_f64(*value).as_secs())
        .collect();
    values.sort_unstable();
    values
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_stream_and_of_a_retry_are_counted_once() {
    let peer = Peer::new(Plan::default());
    let (pool, kept) = counted(&peer, Settings::new());
    pool.send_all(futures_util::stream::iter((0..3).map(message)), |_, result| {
        result.expect("taken");
    })
    .await;
    assert_eq!(kept.counter("smtp_pool.messages:delivered"), 3);
    assert_eq!(kept.histogram("smtp_pool.send.duration").len(), 3);
    let (envelope, body) = message(3);
    pool.retry(Schedule::default()).send(envelope, body).await.expect("taken");
    assert_eq!(kept.counter("smtp_pool.messages:delivered"), 4);
}

/// Looks into the pool whenever something is counted, from another thread, and waits for it.
struct LooksBack(OnceLock<Clear>, AtomicU64);

impl LooksBack {
    fn look(&self) {
        let Some(pool) = self.0.get().cloned() else {
            return;
        };
        let (seen, look) = mpsc::channel();
        std::thread::spawn(move || seen.send(pool.connections().len()));
        look.recv_timeout(Duration::from_secs(10)).expect("the pool holds no lock");
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

impl CounterFn for LooksBack {
    fn increment(&self, _: u64) {
        self.look();
    }

    fn absolute(&self, _: u64) {
        self.look();
    }
}

impl GaugeFn for LooksBack {
    fn increment(&self, _: f64) {
        self.look();
    }

    fn decrement(&self, _: f64) {
        self.look();
    }

    fn set(&self, _: f64) {
        self.look();
    }
}

impl HistogramFn for LooksBack {
    fn record(&self, _: f64) {
        self.look();
    }
}

struct Looks(Arc<LooksBack>);

impl Recorder for Looks {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(&self.0))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::clone(&self.0))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(&self.0))
    }
}

/// A recorder is code of the caller's: it may come back to the pool.
#[tokio::test(start_paused = true)]
async fn no_lock_is_held_while_something_is_counted() {
    let peer = Peer::new(Plan::default());
    let looks = Arc::new(LooksBack(OnceLock::new(), AtomicU64::new(0)));
    let settings = Settings::new().breaker(Breaker::new(1, Duration::from_secs(10)));
    let settings = settings.connections(1).messages_per_connection(2);
    let pool = metrics::with_local_recorder(&Looks(Arc::clone(&looks)), || {
        Pool::with_settings(peer.server("a.test"), settings)
    });
    assert!(looks.0.set(pool.clone()).is_ok());
    peer.refuse_connections(1);
    assert!(!send(&pool).await);
    sleep(Duration::from_secs(11)).await;
    for _ in 0..3 {
        assert!(send(&pool).await);
    }
    drop(pool.check_out().await.expect("a connection"));
    pool.close(Duration::from_secs(1)).await;
    assert!(looks.1.load(Ordering::Relaxed) > 20);
}

#[tokio::test(start_paused = true)]
async fn each_reason_why_a_connection_ends_is_counted() {
    let minute = Duration::from_secs(60);
    let one = Settings::new().connections(1);
    for (reason, settings) in [
        ("idle", one.clone().idle(minute)),
        ("age", one.clone().warm(1).age(minute)),
        ("limit", one.clone().messages_per_connection(1)),
        ("server", one.clone()),
        ("stalled", one.clone().stalled(minute)),
        ("aborted", one.clone()),
        ("closed", one.clone()),
        ("lent", one),
    ] {
        let peer = Peer::new(Plan::default());
        if reason == "stalled" {
            peer.plan().hangs_at = Some("RCPT");
        }
        let (pool, kept) = counted(&peer, settings);
        if reason != "age" {
            assert_eq!(send(&pool).await, reason != "stalled");
        }
        pool.warm_up().await;
        match reason {
            "server" => peer.end_all("421 4.3.2 bye\r\n"),
            "aborted" => assert!(pool.abort(1)),
            "closed" => assert_eq!(pool.close(minute).await, 0),
            "lent" => drop(pool.check_out().await.expect("the same one")),
            _ => sleep(minute + Duration::from_secs(1)).await,
        }
        sleep(Duration::from_secs(1)).await;
        assert_eq!(kept.counter(&format!("smtp_pool.connections.ended:{reason}")), 1, "{reason}");
        let inner = kept.0.lock().unwrap();
        let ended = inner.counters.iter().filter(|(name, _)| name.contains(".ended:"));
        let ended: u64 = ended.map(|(_, count)| count.load(Ordering::Relaxed)).sum();
        drop(inner);
        assert_eq!(ended, 1, "{reason}: each connection has one reason");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_left_alone_is_counted() {
    let peer = Peer::new(Plan::default());
    let pause = Duration::from_secs(10);
    let (pool, kept) = counted(&peer, Settings::new().breaker(Breaker::new(2, pause)));
    peer.refuse_connections(2);
    for expected in ["0", "1"] {
        assert!(!send(&pool).await);
        assert_eq!(kept.gauge("smtp_pool.suspended"), expected);
    }
    assert_eq!(kept.counter("smtp_pool.connections.failed"), 2);
    sleep(pause).await;
    assert!(send(&pool).await);
    assert_eq!(kept.gauge("smtp_pool.suspended"), "0");
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_counted_once_for_all_callers() {
    let peer = Peer::new(Plan { password: Some("right"), ..Plan::default() });
    let kept = Kept::default();
    let pool = metrics::with_local_recorder(&kept, || Pool::new(peer.logged_in("wrong")));
    for _ in 0..5 {
        let (envelope, body) = message(0);
        pool.send(envelope, body).await.expect_err("wrong");
    }
    assert_eq!(kept.counter("smtp_pool.logins.refused"), 1);
    assert_eq!(kept.counter("smtp_pool.connections.failed"), 1);
    assert_eq!(kept.counter("smtp_pool.messages:not_sent"), 5);
}

#[tokio::test]
async fn the_documentation_lists_every_counter_and_its_labels() {
    let peer = Peer::new(Plan::default());
    let (_pool, kept) = counted(&peer, Settings::new());
    let text = include_str!("../../smtp-pool/src/lib.rs");
    let rows = text.lines().skip_while(|line| !line.starts_with("//! | name | kind |"));
    let rows = rows.filter_map(|line| line.strip_prefix("//! | `smtp_pool."));
    let listed: BTreeSet<String> = rows
        .map(|row| {
            let mut cells = row.split('|').map(|cell| cell.trim().replace('`', ""));
            let mut cell = || cells.next().unwrap_or_default();
            let (name, kind, label) = (cell(), cell(), cell());
            let label = label.split(':').next().unwrap_or_default().to_owned();
            format!("smtp_pool.{name} {kind} {label}").trim_end().to_owned()
        })
        .collect();
    let inner = kept.0.lock().unwrap();
    let made: BTreeSet<String> = inner
        .labels
        .iter()
        .map(|(name, labels)| {
            assert!(labels.contains("server.address") && labels.contains("server.port"));
            let own = labels.iter().find(|label| !label.starts_with("server."));
            let own = own.map(|label| format!(" {label}")).unwrap_or_default();
            format!("{name} {}{own}", inner.described[name])
        })
        .collect();
    assert_eq!(listed, made);
    for (name, label) in [("connections.ended", "reason"), ("messages", "outcome")] {
        let row = text.lines().find(|line| line.contains(&format!("`smtp_pool.{name}`")));
        let listed: BTreeSet<&str> = row
            .and_then(|row| row.split_once(&format!("`{label}`: ")))
            .and_then(|(_, rest)| rest.split_once(" |"))
            .map(|(values, _)| values.split(", ").map(|value| value.trim_matches('`')).collect())
            .unwrap_or_default();
        let prefix = format!("smtp_pool.{name}:");
        let made = inner.counters.keys().filter_map(|key| key.strip_prefix(prefix.as_str()));
        assert_eq!(listed, made.collect(), "{name}");
    }
}
