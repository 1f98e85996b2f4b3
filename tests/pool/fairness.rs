//! A server that hangs takes nothing from other destinations.

use std::time::Duration;

use smtp_pool::{Pools, Settings};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::peer::{Peer, Plan, message};

/// How a server hangs.
const HANGS: [(&str, Hang); 2] = [
    ("it accepts connections and never greets", || Plan {
        greets_after: Duration::from_secs(24 * 60 * 60),
        ..Plan::default()
    }),
    ("it never answers the final dot", || Plan { hangs_at: Some("."), ..Plan::default() }),
];

type Hang = fn() -> Plan;

fn healthy() -> Peer {
    Peer::new(Plan { takes: Duration::from_millis(10), ..Plan::default() })
}

/// Sends messages to a destination at once, each from a task of its own.
fn send(tasks: &mut JoinSet<()>, pools: &Pools, host: &str, peer: &Peer, messages: usize) {
    let pool = pools.to(peer.server(host));
    for number in 0..messages {
        let pool = pool.clone();
        tasks.spawn(async move {
            let (envelope, body) = message(number);
            // It is the server's count that is looked at.
            let _ = pool.send(envelope, body).await;
        });
    }
}

/// How long nine destinations take over their messages beside another one, and the most
/// connections of the other one while they do.
async fn nine(bound: usize, messages: usize, tenth: Option<Plan>) -> (Duration, usize) {
    let pools = Pools::new(Settings::new().connections(4).messages_in_flight(4), bound);
    let mut others = JoinSet::new();
    let tenth = tenth.map(Peer::new);
    // It comes first.
    if let Some(peer) = &tenth {
        send(&mut others, &pools, "tenth.test", peer, 64);
    }
    let begin = Instant::now();
    let mut callers = JoinSet::new();
    let peers: Vec<_> = (0..9).map(|_| healthy()).collect();
    for (index, peer) in peers.iter().enumerate() {
        send(&mut callers, &pools, &format!("host{index}.test"), peer, messages);
    }
    let mut most = 0;
    while !callers.is_empty() {
        tokio::select! {
            Some(done) = callers.join_next() => done.expect("no panic"),
            () = sleep(Duration::from_millis(5)) => {
                let held = tenth.as_ref().map_or(0, |peer| peer.look(|counts| counts.open));
                let open: usize = peers.iter().map(|peer| peer.look(|counts| counts.open)).sum();
                assert!(open + held <= bound, "{open} and {held}");
                // While all want more than they have.
                let wants = |taken| taken < messages * 3 / 4;
                let all_want =
                    peers.iter().all(|peer| peer.look(|counts| wants(counts.taken.len())));
                if all_want && Duration::from_millis(100) <= begin.elapsed() {
                    most = most.max(held);
                }
            }
        }
    }
    for peer in &peers {
        let taken = peer.counts().taken;
        assert!(taken.len() == messages && taken.values().all(|&times| times == 1));
    }
    (begin.elapsed(), most)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_costs_the_others_no_time_where_the_bound_is_wide() {
    let (without, _) = nine(40, 200, None).await;
    for (name, hang) in HANGS {
        let (with, most) = nine(40, 200, Some(hang())).await;
        println!("{name}: {with:?}, {without:?} without it");
        assert_eq!(most, 4, "{name}");
        assert!(with.mul_f64(0.95) <= without, "{name}: {with:?}, {without:?} without it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_has_no_more_than_its_share_where_the_bound_is_tight() {
    let (bound, share) = (12_u32, 2_u32);
    let (without, _) = nine(12, 200, None).await;
    for (name, hang) in HANGS {
        let (with, most) = nine(12, 200, Some(hang())).await;
        println!("{name}: {with:?}, {without:?} without it, {most} connections");
        assert!((1..=2).contains(&most), "{name}: {most} connections");
        let left = f64::from(bound - share) / f64::from(bound);
        assert!(with.mul_f64(0.95 * left) <= without, "{name}: {with:?}, {without:?} without it");
    }
}

/// Fewer places than destinations: they take turns, and one that hangs does not get all turns.
#[tokio::test(start_paused = true)]
async fn destinations_take_turns_beside_one_that_hangs() {
    for (name, hang) in HANGS {
        let (with, most) = nine(3, 100, Some(hang())).await;
        println!("{name}: {with:?}, {most} connections");
        assert!(most <= 1, "{name}: {most} connections");
        // 900 messages of 10 ms over two connections: a quarter more for the turns.
        assert!(with <= Duration::from_millis(4500 * 5 / 4), "{name}: {with:?}");
    }
}

/// One that hangs had all places before the others came.
#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_gives_its_places_back_once_it_is_found_to_be_stalled() {
    for (name, hang) in HANGS {
        let settings =
            Settings::new().connections(4).messages_in_flight(4).stalled(Duration::from_secs(20));
        let pools = Pools::new(settings, 4);
        let (mut others, mut callers) = (JoinSet::new(), JoinSet::new());
        let (first, second) = (Peer::new(hang()), healthy());
        send(&mut others, &pools, "first.test", &first, 64);
        sleep(Duration::from_secs(1)).await;
        send(&mut callers, &pools, "second.test", &second, 100);
        let done = timeout(Duration::from_secs(22), async {
            while let Some(done) = callers.join_next().await {
                done.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        });
        done.await.unwrap_or_else(|_| panic!("{name}"));
        assert_eq!(second.counts().taken.len(), 100, "{name}");
    }
}
