//! The queue between many callers and one connection: messages in the order in which they came,
//! each with a slot for its result.
//!
//! A caller that goes away never interrupts the connection, because the messages of the other
//! callers are on it. A message that has no room in the window yet, or whose body has not begun, is
//! then taken out; a later one is sent, and its result is dropped.

mod slot;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};

use slot::{lock, register};

pub(crate) use slot::{FeedSlot, OwnedMessage};

use super::delivery::{Delivered, Delivery, Messages};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, Unsent};

/// How many messages may wait before the queue checks whether their callers are still there.
const FIRST_SWEEP: usize = 64;

/// The queue of a feed.
#[derive(Debug, Default)]
pub(crate) struct FeedQueue {
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Arc<FeedSlot>>,
    /// How many may wait before messages whose callers are gone are taken out.
    sweep_at: usize,
    /// Handles by which a message may still be added.
    handles: usize,
    /// The task that runs the connection.
    runner: Option<Waker>,
    /// Why nothing is taken any more.
    closed: Option<Result<Lost, Refusal>>,
    /// Those that wait for that.
    watchers: Vec<Weak<Watcher>>,
}

/// One that waits until nothing is taken any more.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    waker: Mutex<Option<Waker>>,
}

impl FeedQueue {
    /// How many messages have no room in the window yet.
    fn waiting(&self) -> usize {
        lock(&self.state).waiting.len()
    }

    /// Adds a message, which counted as a handle until now. A closed queue gives the result at
    /// once.
    pub(crate) fn push(&self, slot: Arc<FeedSlot>) {
        let mut state = lock(&self.state);
        if state.waiting.len() >= FIRST_SWEEP {
            let gone = state.sweep();
            // Dropped outside of the lock: a body is the caller's type, and its drop may come back
            // to this queue.
            drop(state);
            drop(gone);
            state = lock(&self.state);
        }
        // Under the same lock as the message: in between, the runner would see neither a handle nor
        // a message, and would give the connection back.
        state.handles -= 1;
        if let Some(reason) = state.closed.clone() {
            drop(state);
            slot.not_sent(reason);
            return;
        }
        state.waiting.push_back(slot);
        let runner = state.runner.take();
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    pub(crate) fn add_handle(&self) {
        lock(&self.state).handles += 1;
    }

    /// A handle is gone. The connection comes back after the last.
    pub(crate) fn remove_handle(&self) {
        let mut state = lock(&self.state);
        state.handles -= 1;
        // Only the last handle ends the feed.
        let runner = if state.handles == 0 { state.runner.take() } else { None };
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Takes no more messages. Those that waited are not sent.
    pub(crate) fn close(&self, reason: &Result<Lost, Refusal>) {
        let mut state = lock(&self.state);
        state.closed.get_or_insert_with(|| reason.clone());
        let waiting = std::mem::take(&mut state.waiting);
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        for slot in waiting {
            slot.not_sent(reason.clone());
        }
        for watcher in watchers.iter().filter_map(Weak::upgrade) {
            let waker = lock(&watcher.waker).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Ready once nothing is taken any more, with the reason. `watcher` is none before the first
    /// poll.
    pub(crate) fn poll_closed(
        &self,
        watcher: &mut Option<Arc<Watcher>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Lost, Refusal>> {
        let mut state = lock(&self.state);
        if let Some(reason) = &state.closed {
            return Poll::Ready(reason.clone());
        }
        let watcher = watcher.get_or_insert_with(|| {
            let watcher = Arc::default();
            // Those that have gone leave their places once these run out.
            if state.watchers.len() == state.watchers.capacity() {
                state.watchers.retain(|other| other.strong_count() > 0);
            }
            state.watchers.push(Arc::downgrade(&watcher));
            watcher
        });
        // Under the lock of the queue: it cannot close in between.
        let before = register(&mut lock(&watcher.waker), cx.waker());
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// The next message; none when there will be no more. Where one may still come, it will wake
    /// `runner`.
    fn poll_slot(
        &self,
        runner: Option<&Waker>,
    ) -> Poll<Option<(Arc<FeedSlot>, Envelope, Body<'static>)>> {
        let mut state = lock(&self.state);
        while let Some(slot) = state.waiting.pop_front() {
            // The caller is woken outside of the lock: what it does then may come back here.
            drop(state);
            if let Some((envelope, body)) = slot.begin() {
                return Poll::Ready(Some((slot, envelope, body)));
            }
            state = lock(&self.state);
        }
        if state.handles == 0 {
            return Poll::Ready(None);
        }
        let before = runner.and_then(|waker| register(&mut state.runner, waker));
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl QueueState {
    /// Takes out the messages whose callers are gone, once twice as many wait as the last sweep
    /// left.
    #[cold]
    fn sweep(&mut self) -> Vec<Arc<FeedSlot>> {
        // By doubling, the cost of all sweeps is that of a few steps for each message.
        if self.waiting.len() < self.sweep_at {
            return Vec::new();
        }
        let (waiting, gone) = self.waiting.drain(..).partition(|slot| !slot.is_abandoned());
        self.waiting = waiting;
        self.sweep_at = 2 * self.waiting.len();
        gone.into()
    }
}

/// Messages of a feed.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) queue: Arc<FeedQueue>,
    /// How many callers were given their results since a message was last asked for.
    told: usize,
}

impl Fed {
    pub(crate) fn new(queue: Arc<FeedQueue>) -> Self {
        Self { queue, told: 0 }
    }

    fn tell(&mut self, slot: &FeedSlot, result: Delivered) {
        self.told += 1;
        slot.finish(result);
    }

    /// Whether to let the callers run first that were just told, because each may have its next
    /// message at once: else the first of them would leave in a write of its own.
    fn gathers(&self) -> bool {
        self.told > 1 && self.queue.waiting() < self.told
    }
}

/// A delivery of the messages of a feed.
pub(crate) type FedMessages = Delivery<'static, Fed, Envelope, Arc<FeedSlot>>;

impl Messages<'static> for Fed {
    type Envelope = Envelope;
    type Ticket = Arc<FeedSlot>;

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(Arc<FeedSlot>, Envelope, Body<'static>)>> {
        let gathers = self.gathers();
        self.told = 0;
        if gathers {
            // After those that are ready to run.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.queue.poll_slot(Some(cx.waker()))
    }

    fn next_at_once(&mut self) -> Poll<Option<(Arc<FeedSlot>, Envelope, Body<'static>)>> {
        if self.gathers() {
            return Poll::Pending;
        }
        self.told = 0;
        self.queue.poll_slot(None)
    }

    fn poll_abandoned(&mut self, slot: &Arc<FeedSlot>, cx: &mut Context<'_>) -> Poll<()> {
        slot.poll_abandoned(cx)
    }

    fn report(&mut self, slot: Arc<FeedSlot>, result: Delivered) {
        self.tell(&slot, result);
    }

    fn hand_back(&mut self, slot: Arc<FeedSlot>, unsent: Unsent, message: Option<OwnedMessage>) {
        self.fail(slot, DeliverError::NotSent(unsent), message);
    }

    fn fail(&mut self, slot: Arc<FeedSlot>, error: DeliverError, message: Option<OwnedMessage>) {
        self.tell(&slot, Err(error.with_message(message)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;
    use crate::proto::fault::Fault;

    /// Counts how often it wakes its task.
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wakes {
        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn add(queue: &FeedQueue) -> Arc<FeedSlot> {
        let slot = slot();
        queue.add_handle();
        queue.push(Arc::clone(&slot));
        slot
    }

    fn result() -> Delivered {
        Err(DeliverError::NotSent(Unsent::new(Ok(Lost::new(Fault::Closed, None)), Vec::new())))
    }

    #[test]
    fn a_caller_is_woken_by_what_it_waits_for_and_by_nothing_else() {
        let counter = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&counter));
        let cx = &mut Context::from_waker(&waker);
        for awaits_result in [true, false] {
            let slot = slot();
            let waits = if awaits_result {
                slot.poll_result(cx).is_pending()
            } else {
                slot.poll_begun(cx).is_pending()
            };
            assert!(waits && slot.begin().is_some());
            assert_eq!(counter.take(), usize::from(!awaits_result));
            assert!(slot.poll_result(cx).is_pending());
            slot.finish(result());
            assert_eq!(counter.take(), 1);
        }
    }

    /// The first message of many that come at once does not leave alone.
    #[test]
    fn callers_that_were_told_at_once_run_before_the_next_message_is_taken() {
        let counter = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&counter));
        let cx = &mut Context::from_waker(&waker);
        // How many were told, how many wait by then, and whether the task lets others run.
        for (told, waiting, gathers) in
            [(0, 1, false), (1, 0, false), (2, 0, true), (3, 2, true), (3, 3, false)]
        {
            let queue = Arc::new(FeedQueue::default());
            queue.add_handle();
            let mut fed = Fed::new(Arc::clone(&queue));
            for _ in 0..told {
                fed.report(slot(), result());
            }
            for _ in 0..waiting {
                add(&queue);
            }
            let at_once = fed.next_at_once();
            if gathers {
                assert!(at_once.is_pending() && fed.poll_next(cx).is_pending());
                assert_eq!(counter.take(), 1, "{told}, {waiting}: it runs again");
                add(&queue);
                assert_eq!(counter.take(), 0, "{told}, {waiting}: which no message does twice");
                assert!(fed.next_at_once().is_ready(), "{told}, {waiting}: once");
            } else {
                assert_eq!(at_once.is_ready(), waiting > 0, "{told}, {waiting}");
                assert_eq!(fed.poll_next(cx).is_ready(), waiting > 1, "{told}, {waiting}");
                assert_eq!(counter.take(), 0, "{told}, {waiting}");
            }
        }
    }

    fn slot() -> Arc<FeedSlot> {
        let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
        FeedSlot::new(envelope, Body::from("x\r\n"))
    }

    /// Callers that come and go while the server is silent leave nothing in the queue; the messages
    /// of callers that wait stay in their order.
    #[test]
    fn messages_whose_callers_are_gone_leave_the_queue() {
        let queue = FeedQueue::default();
        let mut waiting = Vec::new();
        let mut most = 0;
        for number in 0..10_000 {
            let slot = add(&queue);
            if number % 100 == 0 {
                waiting.push(slot);
            } else {
                slot.abandon();
            }
            most = most.max(lock(&queue.state).waiting.len());
        }
        assert!(most <= 2 * waiting.len() + FIRST_SWEEP, "{most} for {}", waiting.len());
        for expected in waiting {
            let Poll::Ready(Some((slot, ..))) = queue.poll_slot(None) else {
                panic!("one that waits was lost");
            };
            assert!(Arc::ptr_eq(&slot, &expected));
        }
        assert!(matches!(queue.poll_slot(None), Poll::Ready(None)), "every handle is gone");
    }
}
