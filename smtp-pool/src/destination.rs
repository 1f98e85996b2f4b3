//! A destination: its open connections, and the callers that wait for one.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use smtp::Error;
use smtp::connect::OpenSession;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::bound::{Bound, Member, Share};
use crate::breaker::{BreakerState, Permission};
use crate::ending::Ending;
use crate::error::Reason;
use crate::gate::Gate;
use crate::lane::Lane;
use crate::learned::LearnedLimit;
use crate::line::{Facts, Line};
use crate::loan::Ticket;
use crate::observed::Observed;
use crate::rate::Bucket;
use crate::session::Session;
use crate::settings::Settings;
use crate::wait::Wait;

/// A server, as whom, and over what: connections that may stand for each other.
pub(crate) struct Destination<C: Session> {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) opener: Box<dyn Open<C>>,
    pub(crate) share: Share,
    pub(crate) gate: Option<Arc<Gate>>,
    pub(crate) rates: Rates,
    pub(crate) observed: Arc<Observed>,
    state: Mutex<State<C>>,
    pub(crate) learned: LearnedLimit,
    /// A connection was opened, could not be opened, or has ended.
    pub(crate) changed: Notify,
    /// Whether connections that are being opened are to be given up.
    pub(crate) closing: watch::Sender<bool>,
}

pub(crate) struct State<C: Session> {
    /// The connections that take messages.
    pub(crate) lines: Vec<Arc<Line>>,
    /// Every connection that is open, those that are lent or ending included.
    pub(crate) open: Vec<Arc<Facts>>,
    /// Connections that are being opened.
    pub(crate) opening: usize,
    /// Connections that are still to be opened to be kept warm.
    pub(crate) cold: usize,
    /// Those of them that may begin again: the attempt is given up when its sender is dropped.
    pub(crate) attempts: Vec<oneshot::Sender<()>>,
    /// Callers that wait for a place in the window of a connection.
    pub(crate) waiting: VecDeque<oneshot::Sender<Result<Lane<C>, Reason>>>,
    /// Callers that wait for a connection of their own.
    pub(crate) owners: VecDeque<oneshot::Sender<Result<(C, Ticket<C>), Reason>>>,
    /// How many may wait before those are taken out that have gone.
    sweep_at: usize,
    pub(crate) breaker: BreakerState,
    pub(crate) closed: bool,
}

/// How many callers may wait before the queue checks whether they are still there.
const FIRST_SWEEP: usize = 64;

pub(crate) struct Rates {
    messages: Option<Bucket>,
    recipients: Option<Bucket>,
    pub(crate) connections: Option<Bucket>,
}

/// Opens connections of one type.
pub(crate) trait Open<C>: Send + Sync {
    fn open(&self) -> Pin<Box<dyn Future<Output = Result<C, Error>> + Send + '_>>;
}

impl<O: OpenSession> Open<O::Session> for O {
    fn open(&self) -> Pin<Box<dyn Future<Output = Result<O::Session, Error>> + Send + '_>> {
        Box::pin(self.open_session())
    }
}

/// Callers that get no connection.
#[must_use = "every caller gets an answer"]
pub(crate) struct Callers<C: Session> {
    waiting: VecDeque<oneshot::Sender<Result<Lane<C>, Reason>>>,
    owners: VecDeque<oneshot::Sender<Result<(C, Ticket<C>), Reason>>>,
}

impl<C: Session> Callers<C> {
    pub(crate) fn answer(self, reason: &Reason) {
        for waiter in self.waiting {
            let _ = waiter.send(Err(reason.clone()));
        }
        for waiter in self.owners {
            let _ = waiter.send(Err(reason.clone()));
        }
    }
}

impl<C: Session> State<C> {
    fn new(settings: &Settings) -> Self {
        Self {
            lines: Vec::new(),
            open: Vec::new(),
            opening: 0,
            cold: 0,
            attempts: Vec::new(),
            waiting: VecDeque::new(),
            owners: VecDeque::new(),
            sweep_at: FIRST_SWEEP,
            breaker: BreakerState::new(settings.breaker),
            closed: false,
        }
    }

    /// How many connections count against the bound.
    pub(crate) fn count(&self) -> usize {
        self.open.len() + self.opening
    }

    /// The connection with the fewest messages, if it may have one more.
    fn least_loaded(&self, most: usize) -> Option<&Arc<Line>> {
        let line = self.lines.iter().min_by_key(|line| line.facts.load())?;
        (line.facts.load() < most).then_some(line)
    }

    /// Gives a connection no more messages: it comes back when those that it has are finished.
    pub(crate) fn retire(&mut self, facts: &Facts, reason: Ending) {
        facts.retire(reason);
        if let Some(index) = self.lines.iter().position(|line| line.facts.id == facts.id) {
            self.lines.swap_remove(index);
        }
    }

    /// How many callers wait for a connection of their own, beyond those that get one that ends.
    pub(crate) fn owed(&mut self) -> usize {
        if self.owners.is_empty() {
            return 0;
        }
        self.owners.retain(|owner| !owner.is_closed());
        let ending = self.open.iter().filter(|facts| facts.is_retired() && !facts.is_lent());
        self.owners.len().saturating_sub(ending.count())
    }

    /// Takes out all callers that wait.
    pub(crate) fn take_callers(&mut self) -> Callers<C> {
        Callers {
            waiting: std::mem::take(&mut self.waiting),
            owners: std::mem::take(&mut self.owners),
        }
    }

    /// Takes out callers that have gone, once twice as many wait as the last sweep left.
    fn sweep(&mut self) {
        if self.waiting.len() >= self.sweep_at {
            self.waiting.retain(|waiter| !waiter.is_closed());
            self.sweep_at = FIRST_SWEEP.max(2 * self.waiting.len());
        }
    }
}

impl<C: Session> Destination<C> {
    pub(crate) fn new(
        opener: impl OpenSession<Session = C> + 'static,
        settings: Settings,
        bound: &Arc<Bound>,
        gate: Option<Arc<Gate>>,
    ) -> Arc<Self> {
        let key = opener.session_key();
        let rates = Rates {
            messages: settings.message_rate.map(Bucket::new),
            recipients: settings.recipient_rate.map(Bucket::new),
            connections: settings.connection_rate.map(Bucket::new),
        };
        let observed = Arc::new(Observed::new(key.as_ref()));
        let destination = Arc::new(Self {
            name: key.map_or_else(|| "a function".into(), |key| key.to_string()),
            state: Mutex::new(State::new(&settings)),
            settings,
            opener: Box::new(opener),
            share: Share::new(bound),
            gate,
            rates,
            observed,
            learned: LearnedLimit::default(),
            changed: Notify::new(),
            closing: watch::Sender::new(false),
        });
        let member: Weak<Self> = Arc::downgrade(&destination);
        destination.share.join(member);
        destination
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets that the credentials were refused.
    pub(crate) fn forget_refused_login(&self) {
        if let Some(gate) = &self.gate {
            gate.reset();
        }
    }

    /// Waits until a message with so many recipients may begin, where that is not after `latest`.
    pub(crate) async fn pace(
        &self,
        recipients: usize,
        latest: Option<Duration>,
    ) -> Result<(), Reason> {
        if !self.settings.is_paced() {
            return Ok(());
        }
        let Rates { messages, recipients: of_recipients, .. } = &self.rates;
        let latest = latest.map(|latest| Instant::now() + latest);
        let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        for (bucket, tokens) in [(messages, 1), (of_recipients, recipients)] {
            if let Some(bucket) = bucket {
                sleep_until(bucket.take(tokens, latest).ok_or(Reason::Rate)?).await;
            }
        }
        Ok(())
    }

    /// A place for a message in the window of a connection.
    pub(crate) async fn lane(self: &Arc<Self>, wait: &mut Wait) -> Result<Lane<C>, Reason> {
        let (answer, more) = {
            let mut state = self.lock();
            if state.waiting.is_empty()
                && let Some(found) = state.least_loaded(self.settings.in_flight)
            {
                let found = Arc::clone(found);
                return Ok(self.give(&mut state, found).found());
            }
            self.check_hope(&state)?;
            let (waiter, answer) = oneshot::channel();
            state.sweep();
            state.waiting.push_back(waiter);
            (answer, self.more_to_open(&mut state))
        };
        self.open(more);
        let _waits = self.observed.meters.waits();
        wait.run(answer).await
    }

    /// A connection for one caller alone.
    pub(crate) async fn loan(self: &Arc<Self>) -> Result<(C, Ticket<C>), Reason> {
        let (answer, ending, more) = {
            let mut state = self.lock();
            self.check_hope(&state)?;
            let (waiter, answer) = oneshot::channel();
            state.owners.retain(|owner| !owner.is_closed());
            state.owners.push_back(waiter);
            let is_full = state.count() >= self.settings.connections;
            let line = state.lines.iter().min_by_key(|line| line.facts.load()).cloned();
            // One that has nothing to do is here at once; one that has comes back when it is done.
            let line = line.filter(|line| is_full || line.facts.load() == 0);
            let more = match &line {
                Some(line) => {
                    state.retire(&line.facts, Ending::Lent);
                    0
                }
                None => self.more_to_open(&mut state),
            };
            (answer, line, more)
        };
        // Its feed ends outside of the lock.
        drop(ending);
        self.open(more);
        let _waits = self.observed.meters.waits();
        Wait::AtMost(self.settings.wait).run(answer).await
    }

    /// Whether there is a connection, or one may be opened.
    pub(crate) fn check_hope(&self, state: &State<C>) -> Result<(), Reason> {
        if state.closed {
            return Err(Reason::Closed);
        }
        if state.count() > 0 {
            return Ok(());
        }
        if let Some(refused) = self.gate.as_ref().and_then(|gate| gate.refused()) {
            return Err(refused.into());
        }
        match state.breaker.permission() {
            Permission::None(until, error) => Err(Reason::Suspended { error, until }),
            Permission::All | Permission::One => Ok(()),
        }
    }

    /// Gives a message a place in the window of a connection.
    fn give(self: &Arc<Self>, state: &mut State<C>, line: Arc<Line>) -> Lane<C> {
        let number = line.facts.give();
        if line.facts.is_used_up() {
            state.retire(&line.facts, Ending::Limit);
        }
        Lane::new(Arc::clone(self), line, number)
    }

    /// Gives the room that a connection has to callers that wait for it.
    pub(crate) fn serve(self: &Arc<Self>, line: &Arc<Line>) {
        loop {
            // A caller is told outside of the lock: one that has gone meanwhile gives its place
            // back, which comes here again.
            let (waiter, given) = {
                let mut state = self.lock();
                let has_room = line.facts.load() < self.settings.in_flight;
                if !has_room || line.facts.is_retired() {
                    return;
                }
                let waiter = loop {
                    match state.waiting.pop_front() {
                        None => {
                            // A caller wants it for itself.
                            if !state.owners.is_empty() && line.facts.load() == 0 {
                                state.retire(&line.facts, Ending::Lent);
                            }
                            return;
                        }
                        Some(waiter) if waiter.is_closed() => {}
                        Some(waiter) => break waiter,
                    }
                };
                (waiter, self.give(&mut state, Arc::clone(line)))
            };
            let _ = waiter.send(Ok(given));
        }
    }

    /// A message is finished, or was never begun.
    pub(crate) fn finish(self: &Arc<Self>, line: &Arc<Line>) {
        line.facts.finish();
        if line.facts.is_retired() {
            return;
        }
        if self.share.is_wanted() && self.makes_room(line) {
            return;
        }
        self.serve(line);
    }

    /// Ends a connection that has finished a message, where another destination can use its place,
    /// or a caller here who wants a connection and gets no other.
    #[cold]
    fn makes_room(&self, line: &Line) -> bool {
        let is_idle = {
            let mut state = self.lock();
            if state.owed() > 0 {
                state.retire(&line.facts, Ending::Lent);
                return true;
            }
            line.facts.load() == 0 && state.waiting.is_empty()
        };
        let yields = self.share.yields(is_idle);
        if yields {
            self.lock().retire(&line.facts, Ending::Room);
        }
        yields
    }
}

impl<C: Session> Member for Destination<C> {
    fn end_idle(&self) -> bool {
        let mut state = self.lock();
        let idle = state.lines.iter().filter(|line| line.facts.load() == 0);
        let line = idle.min_by_key(|line| line.facts.used()).cloned();
        if let Some(line) = &line {
            state.retire(&line.facts, Ending::Room);
        }
        // The line is dropped after the lock is free.
        drop(state);
        line.is_some()
    }

    fn end_opening(&self) -> bool {
        let mut state = self.lock();
        // Those that are over are closed.
        state.attempts.retain(|attempt| !attempt.is_closed());
        let attempt = state.attempts.pop();
        drop(state);
        attempt.is_some()
    }
}

impl<C: Session> Debug for Destination<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("name", &self.name).finish_non_exhaustive()
    }
}
