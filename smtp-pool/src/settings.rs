//! The settings of a destination.

use std::time::Duration;

use crate::breaker::Breaker;
use crate::rate::Rate;

/// Longer than any pool lives. A longer time is taken for it: a moment so far away has no name.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The bounds and times of a pool, for each destination.
///
/// ```
/// use std::time::Duration;
///
/// use smtp_pool::{Rate, Settings};
///
/// let settings = Settings::new()
///     .connections(4)
///     .messages_per_connection(100)
///     .message_rate(Rate::new(50, Duration::from_secs(1)));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Settings {
    pub(crate) connections: usize,
    pub(crate) warm: usize,
    pub(crate) in_flight: usize,
    pub(crate) wait: Duration,
    pub(crate) idle: Duration,
    pub(crate) age: Duration,
    pub(crate) messages: u64,
    pub(crate) stalled: Option<Duration>,
    pub(crate) message_rate: Option<Rate>,
    pub(crate) recipient_rate: Option<Rate>,
    pub(crate) connection_rate: Option<Rate>,
    pub(crate) breaker: Breaker,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 8,
            warm: 0,
            in_flight: 16,
            wait: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            age: Duration::from_secs(60 * 60),
            messages: u64::MAX,
            stalled: None,
            message_rate: None,
            recipient_rate: None,
            connection_rate: None,
            breaker: Breaker::default(),
        }
    }
}

impl Settings {
    /// Eight connections, none kept warm; a message waits for a minute at most, and so does a
    /// connection that has nothing to do; none is older than an hour.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections are open at most, those included that are being opened or checked out
    /// (8). At least one is. At most 16 are being opened at once, or as many as are open: of a
    /// thousand, the first 16, then 16 more, then 32, and so on, so that no server is overrun.
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most.max(1);
        self
    }

    /// How many connections stay open although they have nothing to do (0). They are opened by
    /// [`Pool::warm_up`](crate::Pool::warm_up), and again when one ends.
    pub fn warm(mut self, fewest: usize) -> Self {
        self.warm = fewest;
        self
    }

    /// How many messages one connection is given at a time (16): those in its
    /// [window](smtp::Transfer), and those that wait for room in it. A further message waits for
    /// any connection, and another connection is opened for it where the bounds allow.
    pub fn messages_in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// How long a message waits for a connection (60 s), that of opening one included. A
    /// message that is under way has the [timeouts](smtp::connect::Timeouts) of its connection.
    pub fn wait(mut self, longest: Duration) -> Self {
        self.wait = longest.min(FOREVER);
        self
    }

    /// How long a connection stays open that has nothing to do (60 s). Many servers close after
    /// five minutes (RFC 5321 §4.5.3.2.7).
    pub fn idle(mut self, longest: Duration) -> Self {
        self.idle = longest.min(FOREVER);
        self
    }

    /// How old a connection becomes (1 h). After that it ends with its last message.
    pub fn age(mut self, longest: Duration) -> Self {
        self.age = longest.min(FOREVER);
        self
    }

    /// How many messages a connection is given in all (no limit). A server's own limit (MAILMAX of
    /// RFC 9422) is kept without this.
    pub fn messages_per_connection(mut self, most: u64) -> Self {
        self.messages = most.max(1);
        self
    }

    /// Ends a connection that has messages and has made no progress for so long (off): no byte has
    /// left, no reply has come, and no message was finished. Its messages are then lost, or their
    /// outcome is unknown. The timeouts of a connection watch the server, each step for as long as
    /// RFC 5321 asks; this watches the sources of bodies too. A slow connection that goes on is left
    /// alone.
    pub fn stalled(mut self, longest: Duration) -> Self {
        self.stalled = Some(longest.min(FOREVER));
        self
    }

    /// How many messages begin in a time.
    pub fn message_rate(mut self, rate: Rate) -> Self {
        self.message_rate = Some(rate);
        self
    }

    /// How many recipients begin in a time. A message with more of them than a burst goes whole,
    /// and those after it wait for longer.
    pub fn recipient_rate(mut self, rate: Rate) -> Self {
        self.recipient_rate = Some(rate);
        self
    }

    /// How many connections are opened in a time.
    pub fn connection_rate(mut self, rate: Rate) -> Self {
        self.connection_rate = Some(rate);
        self
    }

    /// When a server that cannot be reached is left alone.
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = breaker;
        self
    }

    /// Whether a message may have to wait for its turn.
    pub(crate) fn is_paced(&self) -> bool {
        self.message_rate.is_some() || self.recipient_rate.is_some()
    }
}
