//! Targets and names that were tried in vain.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::proxy::ProxyError;
use crate::proto::attempt::Attempt;

/// A step on the way to a stream.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The look-up of this name.
    Resolve(String),
    /// The choice of the addresses that the settings leave.
    Choose,
    /// The attempt to connect.
    Connect,
}

/// A target, or a host, that was tried in vain.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) step: Step,
    pub(super) address: Option<SocketAddr>,
    pub(super) error: Arc<io::Error>,
    pub(super) took: Duration,
}

impl Failed {
    pub(super) fn attempt(&self) -> Attempt {
        let error = match &self.step {
            Step::Resolve(name) => {
                let text = cannot_resolve(name, &self.error);
                Arc::new(with_text(self.error.kind(), text, Arc::clone(&self.error)))
            }
            Step::Choose | Step::Connect => Arc::clone(&self.error),
        };
        Attempt::new(self.address, error, self.took)
    }
}

pub(super) fn cannot_resolve(name: &str, error: &io::Error) -> String {
    format!("cannot resolve the name {name}: {error}")
}

/// A resolver has nothing to say of a name.
pub(super) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the name has no address")
}

/// The error of a look-up that the time for connecting was too short for.
pub(super) fn late() -> io::Error {
    let text = "no answer in the time for connecting (`Timeouts::connect`)";
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// An error of the system, in words that say where it happened.
#[derive(Debug)]
struct Described {
    text: String,
    source: Arc<io::Error>,
}

pub(super) fn with_text(kind: io::ErrorKind, text: String, source: Arc<io::Error>) -> io::Error {
    io::Error::new(kind, Described { text, source })
}

impl Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Described {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The source of an `io::Error` passes over the error inside it.
        Some(ProxyError::find_in(&*self.source).map_or(&*self.source, |proxy| proxy))
    }
}
