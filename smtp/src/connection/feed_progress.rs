//! How far a connection is that many callers share.

use crate::net::Driver;
use crate::proto::stage::Stage;

/// How far the connection of a [`Feeding`](super::Feeding) is. Two that differ, one after the
/// other, mean that it makes progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FeedProgress {
    /// The reply that is waited for, or that content is being sent. `None` while the connection
    /// waits for a message or for the source of a body, and once it has come back.
    pub stage: Option<Stage>,
    /// How many bytes have left since the connection began, without those that TLS adds.
    pub sent: u64,
    /// How many replies the server has given.
    pub replies: u64,
}

impl FeedProgress {
    #[inline]
    pub(super) fn of(driver: &Driver) -> Self {
        Self { stage: driver.stage(), sent: driver.sent(), replies: driver.replies() }
    }
}
