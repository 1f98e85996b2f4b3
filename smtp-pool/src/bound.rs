//! The bound on all connections of a pool, and how destinations share it.

use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// A destination that shares the bound.
pub(crate) trait Member: Send + Sync {
    /// Ends a connection that has nothing to do, if there is one.
    fn end_idle(&self) -> bool;

    /// Gives up the place of a connection that is being opened, if there is one that may be: its
    /// attempt begins again once there is a place.
    fn end_opening(&self) -> bool;
}

/// For how long one connection that was asked to make room is enough: its server may hang.
const PATIENCE: Duration = Duration::from_millis(250);

/// Places for connections.
///
/// A place that is free goes to the destination that waits and has the fewest. While one waits, a
/// destination that has at least two more, or any where the waiting one has none, makes room: with
/// a connection that has nothing to do, with one that is only being opened, or with the first that
/// finishes a message. So a destination whose server hangs gets no more than its share, and is not
/// waited for.
pub(crate) struct Bound {
    state: Mutex<State>,
    /// How many wait for a place.
    waiting: AtomicUsize,
    /// How many connections there were so far.
    connections: AtomicU64,
}

struct State {
    free: usize,
    members: Vec<(Weak<dyn Member>, Arc<AtomicUsize>)>,
    /// In the order in which they came.
    requests: Vec<Request>,
}

/// A destination waits for a place.
struct Request {
    held: Arc<AtomicUsize>,
    answer: oneshot::Sender<Permit>,
    since: Instant,
    /// When a connection was asked to make room for it.
    asked: Option<Instant>,
}

/// The part of a destination.
pub(crate) struct Share {
    bound: Arc<Bound>,
    /// How many places it has. It changes under the lock of the bound.
    held: Arc<AtomicUsize>,
}

/// A place for one connection, until it is dropped.
pub(crate) struct Permit {
    bound: Arc<Bound>,
    held: Arc<AtomicUsize>,
}

impl Bound {
    pub(crate) fn new(most: usize) -> Self {
        let state = State { free: most.max(1), members: Vec::new(), requests: Vec::new() };
        Self {
            state: Mutex::new(state),
            waiting: AtomicUsize::new(0),
            connections: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives free places to those that wait. The answers are sent outside of the lock: one whose
    /// receiver has gone gives its place back.
    fn grant(self: &Arc<Self>, state: &mut State) -> Vec<(oneshot::Sender<Permit>, Permit)> {
        let mut granted = Vec::new();
        state.requests.retain(|request| !request.answer.is_closed());
        while state.free > 0 {
            // The first of those with the fewest.
            let fewest = state.requests.iter().enumerate().min_by_key(|(_, it)| count(&it.held));
            let Some((index, _)) = fewest else {
                break;
            };
            let Request { held, answer, .. } = state.requests.remove(index);
            granted.push((answer, self.take(state, &held)));
        }
        self.waiting.store(state.requests.len(), Ordering::Relaxed);
        granted
    }

    fn take(self: &Arc<Self>, state: &mut State, held: &Arc<AtomicUsize>) -> Permit {
        state.free -= 1;
        held.fetch_add(1, Ordering::Relaxed);
        Permit { bound: Arc::clone(self), held: Arc::clone(held) }
    }
}

fn count(held: &AtomicUsize) -> usize {
    held.load(Ordering::Relaxed)
}

impl Share {
    pub(crate) fn new(bound: &Arc<Bound>) -> Self {
        Self { bound: Arc::clone(bound), held: Arc::default() }
    }

    /// Makes the destination of this share one that can be asked to make room.
    pub(crate) fn join(&self, member: Weak<dyn Member>) {
        let mut state = self.bound.lock();
        state.members.retain(|(member, _)| member.strong_count() > 0);
        state.members.push((member, Arc::clone(&self.held)));
    }

    /// A place for one more connection of the destination.
    pub(crate) async fn place(&self) -> Permit {
        let granted = {
            let mut state = self.bound.lock();
            if state.free > 0 {
                return self.bound.take(&mut state, &self.held);
            }
            let (answer, granted) = oneshot::channel();
            let (held, since) = (Arc::clone(&self.held), Instant::now());
            state.requests.push(Request { held, answer, since, asked: None });
            self.bound.waiting.store(state.requests.len(), Ordering::Relaxed);
            granted
        };
        self.make_room();
        match granted.await {
            Ok(permit) => permit,
            // A request is answered before it is dropped.
            Err(_) => std::future::pending().await,
        }
    }

    /// A number for a connection, which no other one within the bound has.
    pub(crate) fn number(&self) -> u64 {
        self.bound.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether a destination waits for a place.
    pub(crate) fn is_wanted(&self) -> bool {
        self.bound.waiting.load(Ordering::Relaxed) > 0
    }

    /// Whether a connection of this destination that has finished a message is to end for another
    /// destination.
    #[cold]
    pub(crate) fn yields(&self, is_idle: bool) -> bool {
        let now = Instant::now();
        let mut state = self.bound.lock();
        let own = count(&self.held);
        let is_long_ago = |then: Instant| PATIENCE <= now.duration_since(then);
        let asks = |request: &Request| {
            let held = count(&request.held);
            // One that has none gets one, from those that have several if they give any in time;
            // of two that have some, none gains more than the other loses.
            let is_owed = own >= held + 2 || (held == 0 && is_long_ago(request.since));
            !Arc::ptr_eq(&request.held, &self.held)
                && !request.answer.is_closed()
                && request.asked.is_none_or(is_long_ago)
                && (is_idle || is_owed)
        };
        let asking = state.requests.iter_mut().filter(|request| asks(request));
        let Some(request) = asking.min_by_key(|request| count(&request.held)) else {
            return false;
        };
        request.asked = Some(now);
        true
    }

    /// Asks the others for a place that is to be had at once.
    fn make_room(&self) {
        let own = count(&self.held);
        let mut others: Vec<_> = {
            let state = self.bound.lock();
            let others = state.members.iter().filter(|(_, held)| !Arc::ptr_eq(held, &self.held));
            others
                .filter(|(_, held)| count(held) > 0)
                .filter_map(|(member, held)| Some((count(held), member.upgrade()?)))
                .collect()
        };
        others.sort_by_key(|(held, _)| std::cmp::Reverse(*held));
        let has_room = others.iter().any(|(_, member)| member.end_idle())
            || others
                .iter()
                .take_while(|(held, _)| *held >= own + 2)
                .any(|(_, member)| member.end_opening());
        if has_room {
            let mut state = self.bound.lock();
            let own = |request: &&mut Request| Arc::ptr_eq(&request.held, &self.held);
            if let Some(request) = state.requests.iter_mut().filter(own).last() {
                request.asked = Some(Instant::now());
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let granted = {
            let mut state = self.bound.lock();
            self.held.fetch_sub(1, Ordering::Relaxed);
            state.free += 1;
            self.bound.grant(&mut state)
        };
        for (answer, permit) in granted {
            let _ = answer.send(permit);
        }
    }
}

impl Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("held", &self.held).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    /// Has connections that have nothing to do, and others that are being opened.
    struct Fake {
        idle: AtomicUsize,
        opening: AtomicUsize,
    }

    fn take_one(count: &AtomicUsize) -> bool {
        let less = |count: usize| count.checked_sub(1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    impl Member for Fake {
        fn end_idle(&self) -> bool {
            take_one(&self.idle)
        }

        fn end_opening(&self) -> bool {
            take_one(&self.opening)
        }
    }

    fn share(bound: &Arc<Bound>, idle: usize, opening: usize) -> (Share, Arc<Fake>) {
        let share = Share::new(bound);
        let fake = Arc::new(Fake { idle: idle.into(), opening: opening.into() });
        let member: Weak<Fake> = Arc::downgrade(&fake);
        share.join(member);
        (share, fake)
    }

    /// Asks for a place, and does not get it at once.
    fn ask(place: impl Future<Output = Permit>) -> impl Future<Output = Permit> {
        let mut place = Box::pin(place);
        let waits = place.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        assert!(waits);
        place
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_place_goes_to_the_destination_with_the_fewest() {
        let bound = Arc::new(Bound::new(4));
        let ((first, _a), (second, _b)) = (share(&bound, 0, 0), share(&bound, 0, 0));
        let [one, two, _three] = [first.place().await, first.place().await, first.place().await];
        let _four = second.place().await;
        // The one that came first has more.
        let (mut more, other) = (pin!(ask(first.place())), ask(second.place()));
        drop(one);
        let _other = other.await;
        assert!(more.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(two);
        more.await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_makes_room_for_a_destination_that_has_less() {
        // Places of its own, places of the one that waits, and whether one is given up: at once,
        // after a while, and by a connection that has nothing to do.
        for (own, other, at_once, later, idle) in [
            (1, 0, false, true, true),
            (2, 0, true, true, true),
            (2, 1, false, false, true),
            (3, 1, true, true, true),
            (1, 4, false, false, true),
        ] {
            let bound = Arc::new(Bound::new(own + other));
            let ((first, _a), (second, _b)) = (share(&bound, 0, 0), share(&bound, 0, 0));
            let mut places = Vec::new();
            for index in 0..own + other {
                places.push(if index < own { first.place().await } else { second.place().await });
            }
            assert!(!first.is_wanted());
            let waiting = ask(second.place());
            assert!(first.is_wanted() && !second.yields(true), "not for itself");
            assert_eq!(first.yields(false), at_once, "{own} and {other}");
            assert!(!(at_once && first.yields(true)), "one is enough");
            // The one that was asked may hang.
            tokio::time::advance(PATIENCE).await;
            assert_eq!(first.yields(false), later, "{own} and {other}");
            tokio::time::advance(PATIENCE).await;
            assert_eq!(first.yields(true), idle, "{own} and {other}");
            drop(waiting);
            tokio::time::advance(PATIENCE).await;
            assert!(!first.yields(true), "it has gone");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_to_be_had_at_once_is_asked_for() {
        // Connections of two others, of which so many are idle and so many are being opened; and
        // how many are left of them.
        for (own, idle, opening, left_idle, left_opening) in
            [(0, 1, 2, 0, 2), (0, 0, 2, 0, 1), (1, 0, 2, 0, 2), (1, 1, 2, 0, 2)]
        {
            let bound = Arc::new(Bound::new(3 + own));
            let ((asking, _a), (second, b), (third, c)) =
                (share(&bound, 0, 0), share(&bound, idle, 0), share(&bound, 0, opening));
            let mut places = vec![second.place().await, third.place().await, third.place().await];
            for _ in 0..own {
                places.push(asking.place().await);
            }
            let _waiting = ask(asking.place());
            let left = |count: &AtomicUsize| count.load(Ordering::Relaxed);
            assert_eq!((left(&b.idle), left(&c.opening)), (left_idle, left_opening));
            assert_eq!(third.yields(true), idle == 0 && own > 0, "it was not asked for yet");
        }
    }
}
