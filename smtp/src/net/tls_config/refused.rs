//! The certificate that was refused, for the error of the handshake.
//!
//! rustls keeps the certificates of a server once they are accepted, and shows none that it
//! refused. An error in place of its own could carry one, but the alert that the server gets and
//! logs depends on that error.

use std::cell::Cell;
use std::task::Poll;

thread_local! {
    /// The certificate that was refused in the poll that is under way.
    static REFUSED: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Polls a handshake, and gives the certificate that was refused in it. The verifier is called by
/// this poll and no other, on this thread.
pub(in crate::net) fn refused_in<T>(
    poll: impl FnOnce() -> Poll<T>,
) -> (Poll<T>, Option<Box<[u8]>>) {
    REFUSED.take();
    (poll(), REFUSED.take())
}

/// Keeps a certificate that is refused.
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(super) fn record(certificate: &[u8]) {
    REFUSED.set(Some(certificate.into()));
}
