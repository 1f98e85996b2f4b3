//! One access token for all connections of an account.

use std::fmt::{self, Debug};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::auth::{AccessToken, Need, TokenFuture, TokenSource};
use crate::error::TokenError;
use crate::net::{Clock, Expired, TokioClock, later, timeout_at};

/// A source of tokens that asks another one only when it must. A clone shares the token.
///
/// The source is asked when there is no token, when the token is valid for less than a margin, and
/// when a server has refused it. Callers that need a token meanwhile wait for the same answer: the
/// source is asked once for all of them. Nothing runs by itself: the callers that wait drive the
/// source. One that goes away cancels nothing, and where none waits the source rests until the
/// next one comes.
///
/// An answer that does not come before the deadline is an error, and a failure is remembered for a
/// short time, so that many connections do not ask a source that has just failed. A token that is
/// valid still is used while there is no other.
///
/// ```
/// use smtp::auth::{AccessToken, Credentials, Need, TokenError};
/// use smtp::connect::Cached;
///
/// let tokens = Cached::new(|_: Need| async {
///     // Asks the provider.
///     Ok::<_, TokenError>(AccessToken::new("ya29.a0AfH6SMB"))
/// });
/// // For each connection:
/// let credentials = Credentials::token_source("me@example.com", tokens.clone());
/// ```
#[derive(Clone)]
pub struct Cached {
    source: Arc<dyn TokenSource>,
    clock: Arc<dyn Clock>,
    margin: Duration,
    deadline: Duration,
    failure_memory: Duration,
    state: Arc<Mutex<State>>,
}

/// The answer that all who ask wait for.
type Answer = Result<AccessToken, TokenError>;

#[derive(Default)]
struct State {
    token: Option<Kept>,
    failure: Option<(Instant, TokenError)>,
    refresh: Option<Refresh>,
    /// How many questions were asked: the number of the next one.
    asked: u64,
}

struct Kept {
    token: AccessToken,
    /// When it is to be replaced, and when it expires, if ever.
    until: Option<Instant>,
    expires: Option<Instant>,
}

/// The question that is under way.
struct Refresh {
    number: u64,
    need: Need,
    answer: Shared<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    /// Those who wait, since when there is one, and how long they may wait in all: the deadline
    /// stands still while the source rests.
    waiting: usize,
    since: Instant,
    left: Duration,
}

/// The state, as one caller finds it.
enum Found {
    Answer(Answer),
    Waiter(Waiter),
}

/// One that waits for an answer.
struct Waiter {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    number: u64,
    answer: Shared<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    deadline: Instant,
    /// The question was asked for the same refusal.
    knows_refusal: bool,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let now = self.clock.now();
        if let Some(refresh) = lock(&self.state).of(self.number) {
            refresh.waiting -= 1;
            if refresh.waiting == 0 {
                let waited = now.saturating_duration_since(refresh.since);
                refresh.left = refresh.left.saturating_sub(waited);
            }
        }
    }
}

impl Kept {
    fn is_valid(&self, now: Instant) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl State {
    /// The question of this number, while it is under way.
    fn of(&mut self, number: u64) -> Option<&mut Refresh> {
        self.refresh.as_mut().filter(|refresh| refresh.number == number)
    }

    /// The token, where it may be used.
    fn token(&self, need: &Need, usable: impl FnOnce(&Kept) -> bool) -> Option<AccessToken> {
        let kept = self.token.as_ref()?;
        (!need.refuses(&kept.token) && usable(kept)).then(|| kept.token.clone())
    }

    /// Keeps the answer of a question.
    fn settle(&mut self, number: u64, answer: &Answer, now: Instant, margin: Duration) {
        if self.of(number).is_none() {
            return;
        }
        self.refresh = None;
        match answer {
            Ok(token) => {
                let after = |time| now.checked_add(time);
                let expires = token.lifetime().and_then(after);
                let until = token
                    .lifetime()
                    .and_then(|lifetime| after(lifetime.saturating_sub(margin.min(lifetime / 2))));
                self.token = Some(Kept { token: token.clone(), until, expires });
                self.failure = None;
            }
            Err(error) => self.failure = Some((now, error.clone())),
        }
    }
}

impl Cached {
    /// Keeps the token of this source: with a margin of 5 minutes, a deadline of 30 seconds, and a
    /// failure remembered for 5 seconds.
    pub fn new(source: impl TokenSource + 'static) -> Self {
        Self {
            source: Arc::new(source),
            clock: Arc::new(TokioClock),
            margin: Duration::from_secs(300),
            deadline: Duration::from_secs(30),
            failure_memory: Duration::from_secs(5),
            state: Arc::default(),
        }
    }

    /// Replaces a token that is valid for less than this. At most half of a token's lifetime counts.
    #[must_use]
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Waits for the source no longer than this.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Gives the error of a failure for this long, before the source is asked again.
    #[must_use]
    pub fn failure_memory(mut self, memory: Duration) -> Self {
        self.failure_memory = memory;
        self
    }

    /// Takes the time from this clock instead of tokio's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The answer that is there, or a wait for the one of the question that is under way or begun.
    fn look(&self, need: &Need) -> Found {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        if let Some(token) = state.token(need, |kept| kept.is_fresh(now)) {
            return Found::Answer(Ok(token));
        }
        if state.refresh.is_none() {
            if let Some((at, error)) = &state.failure
                && now.saturating_duration_since(*at) < self.failure_memory
            {
                let token = state.token(need, |kept| kept.is_valid(now));
                return Found::Answer(token.ok_or_else(|| error.clone()));
            }
            state.asked += 1;
            let (number, need, left) = (state.asked, need.clone(), self.deadline);
            let answer = self.ask(number, need.clone());
            state.refresh = Some(Refresh { number, need, answer, waiting: 0, since: now, left });
        }
        let Some(refresh) = &mut state.refresh else {
            return Found::Answer(Err(TokenError::new("it was not asked")));
        };
        if refresh.waiting == 0 {
            // It begins, or has rested.
            refresh.since = now;
        }
        refresh.waiting += 1;
        Found::Waiter(Waiter {
            state: Arc::clone(&self.state),
            clock: Arc::clone(&self.clock),
            number: refresh.number,
            answer: refresh.answer.clone(),
            deadline: later(refresh.since, refresh.left),
            knows_refusal: refresh.need.refuses_as(need),
        })
    }

    /// A question to the source. It is asked once the answer is waited for.
    fn ask(&self, number: u64, need: Need) -> Shared<Pin<Box<dyn Future<Output = Answer> + Send>>> {
        let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
        let (state, margin) = (Arc::downgrade(&self.state), self.margin);
        let asked = async move {
            let asked = async { source.token(need.clone()).await };
            let answer = match AssertUnwindSafe(asked).catch_unwind().await {
                // Else each of the callers whose token was refused would ask once more.
                Ok(Ok(token)) if need.refuses(&token) => Err(TokenError::same_again()),
                Ok(answer) => answer,
                // A panic is an error for all who wait, not only for the one that has polled it.
                Err(_) => Err(TokenError::new("it has panicked")),
            };
            if let Some(state) = state.upgrade() {
                lock(&state).settle(number, &answer, clock.now(), margin);
            }
            answer
        };
        asked.boxed().shared()
    }

    /// Waits for an answer. Each waits with a timer of its own: another's belongs to a runtime that
    /// may have ended.
    async fn wait(&self, waiter: &Waiter) -> Answer {
        match timeout_at(&*self.clock, waiter.deadline, waiter.answer.clone()).await {
            Ok(answer) => answer,
            // That is this caller's own lack: the others may have timers.
            Err(Expired::NoTimer(error)) => Err(TokenError::no_timer(&error)),
            Err(Expired::Late) => {
                let answer = Err(TokenError::timed_out(self.deadline.as_secs_f32()));
                let now = self.clock.now();
                lock(&self.state).settle(waiter.number, &answer, now, self.margin);
                answer
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TokenSource for Cached {
    fn token(&self, need: Need) -> TokenFuture {
        let own = self.clone();
        Box::pin(async move {
            loop {
                let waiter = match own.look(&need) {
                    Found::Answer(answer) => return answer,
                    Found::Waiter(waiter) => waiter,
                };
                match own.wait(&waiter).await {
                    // The source was asked before it could know that this one was refused.
                    Ok(token) if need.refuses(&token) && !waiter.knows_refusal => {}
                    Ok(token) => return Ok(token),
                    Err(error) => {
                        let now = own.clock.now();
                        let valid = lock(&own.state).token(&need, |kept| kept.is_valid(now));
                        return valid.ok_or(error);
                    }
                }
            }
        })
    }
}

impl Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("margin", &self.margin)
            .field("deadline", &self.deadline)
            .field("failure_memory", &self.failure_memory)
            .finish_non_exhaustive()
    }
}
