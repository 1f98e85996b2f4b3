//! Work on tokio's threads for calls that block, for mechanisms that use a library which waits for
//! the network by itself.
//!
//! The floors below `net` know no runtime. This file is beside them, and comes with the feature
//! `gssapi` alone.

use std::fmt::{self, Display};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A call that runs on a thread of its own. When this is dropped, the call goes on to its end, and
/// its result is dropped there.
pub(crate) struct OffThread<T>(JoinHandle<T>);

/// Why a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffThreadError {
    /// It was not started.
    NoRuntime,
    Panicked,
    /// The runtime has ended before the call was started.
    RuntimeEnded,
}

impl<T: Send + 'static> OffThread<T> {
    /// Starts a call.
    ///
    /// # Errors
    ///
    /// Outside of a runtime of tokio.
    pub(crate) fn start(call: impl FnOnce() -> T + Send + 'static) -> Result<Self, OffThreadError> {
        let runtime = Handle::try_current().map_err(|_| OffThreadError::NoRuntime)?;
        Ok(Self(runtime.spawn_blocking(call)))
    }

    /// Waits for the result, which is there once.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, OffThreadError>> {
        Pin::new(&mut self.0).poll(cx).map_err(|error| {
            if error.is_panic() { OffThreadError::Panicked } else { OffThreadError::RuntimeEnded }
        })
    }
}

impl Display for OffThreadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRuntime => "it takes a runtime of tokio",
            Self::Panicked => "it has panicked",
            Self::RuntimeEnded => "the runtime has ended",
        })
    }
}
