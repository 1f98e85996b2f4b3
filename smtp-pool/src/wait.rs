//! How long a message, or a caller, waits for a connection.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::error::Reason;

/// How long to wait, all waits for one message taken together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// So long, from the first wait on.
    AtMost(Duration),
    /// Until then, which is so long after the first wait began.
    Until(Instant, Duration),
    /// For as long as a connection may come.
    #[cfg(feature = "stream")]
    Patient,
}

impl Wait {
    /// Waits for what the destination answers.
    pub(crate) async fn run<T>(
        &mut self,
        answer: oneshot::Receiver<Result<T, Reason>>,
    ) -> Result<T, Reason> {
        let (deadline, longest) = match *self {
            Self::AtMost(longest) => (Instant::now() + longest, longest),
            Self::Until(deadline, longest) => (deadline, longest),
            #[cfg(feature = "stream")]
            Self::Patient => return answer.await.unwrap_or(Err(Reason::Closed)),
        };
        *self = Self::Until(deadline, longest);
        let answer = timeout_at(deadline, answer).await;
        answer.map_err(|_| Reason::Busy(longest))?.unwrap_or(Err(Reason::Closed))
    }
}
