//! One address that was tried in vain while a connection was opened.

use std::error::Error;
use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// An address of the server's that was tried in vain, or a name of its that was looked up in vain,
/// with its own error and the time it took.
///
/// A clone is cheap, and equal to its original only.
#[derive(Clone, Debug)]
pub struct Attempt {
    address: Option<SocketAddr>,
    error: Arc<dyn Error + Send + Sync>,
    took: Duration,
}

impl Attempt {
    pub(crate) fn new(
        address: Option<SocketAddr>,
        error: Arc<dyn Error + Send + Sync>,
        took: Duration,
    ) -> Self {
        Self { address, error, took }
    }

    /// The address. None where the name went to a proxy, which looks it up itself, where it was not
    /// resolved, and where the server is at a Unix socket: the error says at which.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Why it failed: an [`io::Error`](std::io::Error) where no connection came about, an
    /// [`Error`](crate::Error) where the server ended it with its greeting or before.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }

    /// The time from its beginning to its failure.
    pub fn took(&self) -> Duration {
        self.took
    }
}

impl PartialEq for Attempt {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.error, &other.error)
    }
}

impl Eq for Attempt {}

impl Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = self.address {
            write!(f, "{address}: ")?;
        }
        write!(f, "{}, after ", self.error)?;
        if self.took < Duration::from_secs(1) {
            write!(f, "{} ms", self.took.as_millis())
        } else {
            write!(f, "{:.1} s", self.took.as_secs_f64())
        }
    }
}

/// Attempts as a text lists them.
#[derive(Debug)]
pub(crate) struct Listed<'a>(pub(crate) &'a [Attempt]);

impl Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attempt) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{attempt}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn attempts_are_listed_with_address_error_and_time() {
        let attempt = |address: Option<&str>, millis| {
            let error = Arc::new(io::Error::other("refused"));
            let address = address.map(|address| address.parse().expect("an address"));
            Attempt::new(address, error, Duration::from_millis(millis))
        };
        let attempts = [
            attempt(Some("[2001:db8::1]:25"), 999),
            attempt(Some("192.0.2.1:25"), 1000),
            attempt(None, 30_049),
        ];
        assert_eq!(
            Listed(&attempts).to_string(),
            "[2001:db8::1]:25: refused, after 999 ms; 192.0.2.1:25: refused, after 1.0 s; refused, \
             after 30.0 s"
        );
        assert_eq!(attempts[0], attempts[0].clone());
        assert_ne!(attempts[0], attempts[1]);
    }
}
