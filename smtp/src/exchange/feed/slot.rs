//! One message of a feed: between its caller, who may go at any time, and the connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::delivery::Delivered;
use crate::exchange::recipients::RecipientList;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, Unsent};

/// An envelope and a body that the feed owns.
pub(crate) type OwnedMessage = (Envelope, Body<'static>);

/// One message, from when it was given until its result was taken.
#[derive(Debug)]
pub(crate) struct FeedSlot {
    state: Mutex<SlotState>,
}

#[derive(Debug)]
struct SlotState {
    /// The message, until it has room in the window.
    message: Option<OwnedMessage>,
    result: Option<Delivered>,
    caller: Option<Waker>,
    /// The caller waits for the result, and not only for room in the window.
    awaits_result: bool,
    interest: Interest,
    /// The task that runs the connection, while it waits for the body to begin.
    runner: Option<Waker>,
}

/// The interest that a caller still has in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interest {
    /// That it is sent.
    Sent,
    /// The end of it, whatever that is.
    Ended,
    Nothing,
}

impl FeedSlot {
    /// A message that is not in the queue yet.
    pub(crate) fn new(envelope: Envelope, body: Body<'static>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(SlotState {
                message: Some((envelope, body)),
                result: None,
                caller: None,
                awaits_result: false,
                interest: Interest::Sent,
                runner: None,
            }),
        })
    }

    /// Takes the message, which has room in the window now; none where its caller has gone.
    pub(super) fn begin(&self) -> Option<OwnedMessage> {
        let mut state = lock(&self.state);
        let message = state.message.take();
        let caller = if state.awaits_result { None } else { state.caller.take() };
        drop(state);
        if let Some(caller) = caller {
            caller.wake();
        }
        message
    }

    pub(super) fn finish(&self, result: Delivered) {
        let mut state = lock(&self.state);
        // No caller will take the result, which may hold the message.
        if state.interest == Interest::Nothing {
            return;
        }
        state.result = Some(result);
        let caller = state.caller.take();
        drop(state);
        if let Some(caller) = caller {
            caller.wake();
        }
    }

    /// Nothing of the message was sent: it is handed back. One that has room in the window goes on.
    pub(crate) fn not_sent(&self, reason: Result<Lost, Refusal>) {
        let message = lock(&self.state).message.take();
        if let Some((envelope, body)) = message {
            let recipients = RecipientList::of(envelope.rcpts()).into_vec();
            let unsent = DeliverError::NotSent(Unsent::new(reason, recipients));
            self.finish(Err(unsent.with_message(Some((envelope, body)))));
        }
    }

    /// The result of the message, once it is known.
    pub(crate) fn poll_result(&self, cx: &mut Context<'_>) -> Poll<Delivered> {
        let mut state = lock(&self.state);
        // Looked at before it is taken: it is large, and mostly not there.
        if state.result.is_some()
            && let Some(result) = state.result.take()
        {
            return Poll::Ready(result);
        }
        state.awaits_result = true;
        let before = register(&mut state.caller, cx.waker());
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// Ready once the message has room in the window, or never will.
    pub(crate) fn poll_begun(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.message.is_none() {
            return Poll::Ready(());
        }
        let before = register(&mut state.caller, cx.waker());
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// The caller is gone: a message that has no room yet, or whose body has not begun, is taken
    /// out.
    pub(crate) fn abandon(&self) {
        self.give_up(false);
    }

    /// The same, of a caller that still waits for the end of a message that has room. False where the
    /// message had none, and was taken out.
    pub(crate) fn abandon_begun(&self) -> bool {
        self.give_up(true)
    }

    /// Whether the message is still with the connection, and the caller waits for its end.
    fn give_up(&self, awaits_end: bool) -> bool {
        // Under one lock: the connection may begin with the message at any time.
        let mut state = lock(&self.state);
        let message = state.message.take();
        let waits = awaits_end && message.is_none();
        let (result, caller) = if waits {
            state.interest = Interest::Ended;
            (None, None)
        } else {
            state.interest = Interest::Nothing;
            (state.result.take(), state.caller.take())
        };
        // The runner waits for the first bytes of this body, and must stop waiting.
        let runner = state.runner.take();
        drop(state);
        drop((message, result, caller));
        if let Some(runner) = runner {
            runner.wake();
        }
        waits
    }

    /// Ready once the caller does not want the message to be sent.
    pub(super) fn poll_abandoned(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.interest != Interest::Sent {
            return Poll::Ready(());
        }
        let before = register(&mut state.runner, cx.waker());
        drop(state);
        drop(before);
        Poll::Pending
    }

    pub(super) fn is_abandoned(&self) -> bool {
        lock(&self.state).interest == Interest::Nothing
    }
}

/// Locks, also after a panic in another thread: no code of a caller's runs under the lock, so the
/// state is whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the waker, and gives the one before, to be dropped outside of the lock: its drop may end a
/// task, which may use the same queue.
#[inline]
#[must_use]
pub(super) fn register(registered: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match registered {
        Some(before) if before.will_wake(waker) => None,
        registered => registered.replace(waker.clone()),
    }
}
