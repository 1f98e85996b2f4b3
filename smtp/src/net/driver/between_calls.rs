//! The look at the socket between two blocking calls, when no runtime watches it.

use super::Driver;
use crate::error::lost::Lost;
use crate::net::stream::Stream;
use crate::proto::fault::Fault;

impl Driver {
    /// Whether bytes may have arrived that the runtime has not noticed, because it did not run.
    pub(crate) fn may_have_arrived(&self) -> bool {
        self.stream.may_have_arrived()
    }

    /// Takes note that nothing has arrived, so that the next call need not read.
    pub(crate) fn nothing_has_arrived(&mut self) {
        // Inside TLS there may be bytes that were decrypted and not read.
        self.nothing_to_read = matches!(self.stream, Stream::Clear(_));
    }

    /// Lets the next call not begin, for this reason, and leaves the connection as it is: for a
    /// caller that must not wait. A reason that is known already goes first.
    pub(crate) fn refuse_next(&mut self, fault: Fault) {
        self.untold.get_or_insert_with(|| Lost::new(fault, None));
    }
}
