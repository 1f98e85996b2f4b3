//! Pools of many destinations, seen and closed together.

use std::collections::BTreeSet;
use std::time::Duration;

use smtp::Connection;
use smtp::state::Authed;
use smtp_pool::{Pool, Pools, Reason, SendError, Session, Settings};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::peer::{Peer, Plan, message};

const SECOND: Duration = Duration::from_secs(1);

fn send<C: Session>(pool: &Pool<C>) -> Sending {
    let pool = pool.clone();
    let (envelope, body) = message(0);
    tokio::spawn(async move { pool.send(envelope, body).await })
}

fn is_closed(result: Result<smtp::Receipt, SendError>) -> bool {
    match result {
        Err(SendError::NotSent(not_sent)) => matches!(not_sent.reason(), Reason::Closed),
        _ => false,
    }
}

type Sending = JoinHandle<Result<smtp::Receipt, SendError>>;

/// Pools of a slow server, one that hangs, and a third to which a function opens connections; each
/// has a message.
struct Begun {
    pools: Pools,
    peers: [Peer; 3],
    sends: [Sending; 3],
    handle: Pool<Connection<Authed>>,
}

async fn begun() -> Begun {
    let slow = Plan { takes: 3 * SECOND, ..Plan::default() };
    let hangs = Plan { hangs_at: Some("."), ..Plan::default() };
    let function = Plan { password: Some("it"), ..slow.clone() };
    let peers = [slow, hangs, function].map(Peer::new);
    let pools = Pools::new(Settings::new(), 10);
    let handle = pools.to(peers[2].logged_in("it"));
    let sends = [
        send(&pools.to(peers[0].server("slow.test"))),
        send(&pools.to(peers[1].server("hangs.test"))),
        send(&handle),
    ];
    sleep(SECOND).await;
    Begun { pools, peers, sends, handle }
}

#[tokio::test(start_paused = true)]
async fn all_pools_are_closed_together_and_stay_closed() {
    let Begun { pools, peers: [slow, hangs, function], sends: [first, second, third], handle } =
        begun().await;
    let begin = Instant::now();
    assert_eq!(pools.close(10 * SECOND).await, 1, "the one that hangs");
    assert_eq!(begin.elapsed().as_secs(), 10, "one time for all");
    first.await.expect("no panic").expect("it was under way");
    third.await.expect("no panic").expect("it was under way");
    let error = second.await.expect("no panic").expect_err("it was aborted");
    assert!(matches!(error, SendError::Delivery(smtp::DeliverError::Unknown(_))), "{error}");
    // A handle from before, a destination that was known, one that is new, and a function.
    assert!(is_closed(send(&handle).await.expect("no panic")));
    assert!(is_closed(send(&pools.to(slow.server("slow.test"))).await.expect("no panic")));
    assert!(is_closed(send(&pools.to(slow.server("new.test"))).await.expect("no panic")));
    assert!(is_closed(send(&pools.to(function.logged_in("it"))).await.expect("no panic")));
    for (peer, cut) in [(&slow, 0), (&hangs, 1), (&function, 0)] {
        let counts = peer.counts();
        assert_eq!((counts.connections, counts.open, counts.cut), (1, 0, cut));
    }
}

#[tokio::test(start_paused = true)]
async fn connections_of_all_pools_are_seen_and_aborted_by_their_numbers() {
    let Begun { pools, sends: [first, second, third], handle, .. } = begun().await;
    let seen = pools.connections();
    let numbers: BTreeSet<u64> = seen.iter().map(|connection| connection.id).collect();
    assert_eq!((seen.len(), numbers.len()), (3, 3));
    let hanging = seen.iter().find(|seen| seen.destination == "hangs.test:25").expect("listed");
    assert!(!handle.abort(hanging.id), "it is another pool's");
    assert!(pools.abort(hanging.id));
    second.await.expect("no panic").expect_err("it was aborted");
    assert!(!pools.abort(hanging.id));
    first.await.expect("no panic").expect("taken");
    third.await.expect("no panic").expect("taken");
    drop(handle);
    sleep(SECOND).await;
    assert_eq!(pools.connections().len(), 1, "those of the function ended with its last handle");
}
