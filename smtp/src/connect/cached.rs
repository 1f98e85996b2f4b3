//! One access token for all connections of an account.

use std::fmt::{self, Debug};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::auth::{AccessToken, Need, TokenFuture, TokenSource};
use crate::error::TokenError;
use crate::net::{Clock, Expired, TokioClock, deadline, timeout_at};

/// A source of tokens that asks another one only when it must. A clone shares the token.
///
/// The source is asked when there is no token, when the token is valid for less than a margin, and
/// when a server has refused it. Callers that need a token meanwhile wait for the same answer: the
/// source is asked once for all of them. Nothing runs by itself: the callers that wait drive the
/// source. One that goes away cancels nothing, and where none waits the source rests until the
/// next one comes.
///
/// An answer that does not come before the deadline is an error, and a failure is remembered for a
/// short time, so that many connections do not ask a source that has just failed.
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
}

struct Kept {
    token: AccessToken,
    /// When it is to be replaced, if ever.
    until: Option<Instant>,
}

/// The question that is under way.
#[derive(Clone)]
struct Refresh {
    answer: Shared<std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>>,
    deadline: Instant,
}

/// The state, as one caller finds it.
enum Found {
    Answer(Answer),
    Refresh(Refresh),
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

    /// The answer that is there, or the question that is under way or begun.
    fn look(&self, need: &Need, forgets_failure: bool) -> Found {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        if let Some(kept) = &state.token {
            let is_refused = matches!(need, Need::Refused(refused) if refused.expose() == kept.token.secret().expose());
            if !is_refused && kept.until.is_none_or(|until| now < until) {
                return Found::Answer(Ok(kept.token.clone()));
            }
            state.token = None;
        }
        if let Some(refresh) = &state.refresh {
            return Found::Refresh(refresh.clone());
        }
        if let Some((at, error)) = &state.failure
            && !forgets_failure
            && now.saturating_duration_since(*at) < self.failure_memory
        {
            return Found::Answer(Err(error.clone()));
        }
        let refresh = self.refresh(need.clone());
        state.refresh = Some(refresh.clone());
        Found::Refresh(refresh)
    }

    /// A question to the source. It is asked once the answer is waited for.
    fn refresh(&self, need: Need) -> Refresh {
        let deadline = deadline(&*self.clock, self.deadline);
        let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
        let (state, margin, most) = (Arc::downgrade(&self.state), self.margin, self.deadline);
        let answer = async move {
            let asked = async { source.token(need).await };
            // A panic of the source is an error for all who wait, not only for the one that has
            // polled it.
            let answer = AssertUnwindSafe(timeout_at(&*clock, deadline, asked)).catch_unwind();
            let answer = match answer.await {
                Ok(Ok(answer)) => answer,
                Ok(Err(Expired::Late)) => Err(TokenError::timed_out(most.as_secs_f32())),
                Ok(Err(Expired::NoTimer(error))) => Err(TokenError::no_timer(error)),
                Err(_) => Err(TokenError::new("it has panicked")),
            };
            settle(&state, &answer, clock.now(), margin);
            answer
        };
        Refresh { answer: answer.boxed().shared(), deadline }
    }
}

/// Keeps an answer.
fn settle(state: &Weak<Mutex<State>>, answer: &Answer, now: Instant, margin: Duration) {
    let Some(state) = state.upgrade() else { return };
    let mut state = lock(&state);
    state.refresh = None;
    match answer {
        Ok(token) => {
            let until = token.lifetime().and_then(|lifetime| {
                now.checked_add(lifetime.saturating_sub(margin.min(lifetime / 2)))
            });
            state.token = Some(Kept { token: token.clone(), until });
            state.failure = None;
        }
        Err(error) => state.failure = Some((now, error.clone())),
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TokenSource for Cached {
    fn token(&self, need: Need) -> TokenFuture {
        let own = self.clone();
        Box::pin(async move {
            let came = own.clock.now();
            let mut forgets_failure = false;
            loop {
                let refresh = match own.look(&need, forgets_failure) {
                    Found::Answer(answer) => return answer,
                    Found::Refresh(refresh) => refresh,
                };
                let answer = refresh.answer.await;
                // The source has rested beyond its deadline, because none waited for it: it has not
                // failed this caller.
                let rested = refresh.deadline <= came;
                if !(rested && answer.as_ref().is_err_and(TokenError::is_timed_out)) {
                    return answer;
                }
                forgets_failure = true;
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
