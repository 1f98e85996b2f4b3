//! Why a connection ended.

/// Why a connection ended, for counters and traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It had nothing to do for too long.
    Idle,
    /// It was too old.
    Age,
    /// It, or the server, takes no more messages.
    Limit,
    /// It made room for a connection of another destination.
    Room,
    /// The server closed it.
    Server,
    /// It was lost in another way.
    Lost,
    /// It made no progress.
    Stalled,
    /// The caller aborted it.
    Aborted,
    /// The pool is closed, or gone.
    Closed,
    /// It was lent to a caller, who kept it or has gone.
    Lent,
}

impl Ending {
    pub(crate) const ALL: [Self; 10] = [
        Self::Idle,
        Self::Age,
        Self::Limit,
        Self::Room,
        Self::Server,
        Self::Lost,
        Self::Stalled,
        Self::Aborted,
        Self::Closed,
        Self::Lent,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Age => "age",
            Self::Limit => "limit",
            Self::Room => "room",
            Self::Server => "server",
            Self::Lost => "lost",
            Self::Stalled => "stalled",
            Self::Aborted => "aborted",
            Self::Closed => "closed",
            Self::Lent => "lent",
        }
    }
}
