//! Channel bindings of TLS: values that an authentication is bound to a connection by.

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The channel binding `tls-exporter` of a connection (RFC 9266): 32 bytes that both ends of a TLS
/// connection can compute, and no attacker between them.
///
/// They are taken once. RFC 9266 §4.1 has them used by one instance of a mechanism only, so a
/// connection gives them to the first that asks, and a second authentication that needs them needs
/// another connection. A clone is the same exporter.
#[derive(Clone)]
pub struct Exporter(Option<Arc<Mutex<Value>>>);

enum Value {
    Available(Secret),
    Taken,
}

impl Exporter {
    /// The exporter of a connection that has this value. Connections make their own; this is for
    /// the tests of a mechanism.
    pub fn new(value: Secret) -> Self {
        Self(Some(Arc::new(Mutex::new(Value::Available(value)))))
    }

    /// No value: there is no TLS, or none that is known to bind its value to this connection.
    pub(crate) const fn unavailable() -> Self {
        Self(None)
    }

    /// That of all connections without TLS.
    pub(crate) fn none() -> &'static Self {
        static NONE: Exporter = Exporter::unavailable();
        &NONE
    }

    /// Whether the connection has a value, also when it was taken already.
    pub(crate) fn is_supported(&self) -> bool {
        self.0.is_some()
    }

    /// Looks whether the value can be taken.
    #[cfg(any(feature = "scram", feature = "gssapi"))]
    pub(crate) fn check(&self) -> Result<(), MechanismError> {
        match *self.lock()? {
            Value::Available(_) => Ok(()),
            Value::Taken => Err(taken()),
        }
    }

    /// Takes the value. A clone has none then, either.
    ///
    /// # Errors
    ///
    /// When the connection has none, or an earlier authentication has taken it: then it takes a new
    /// connection.
    pub fn take(&self) -> Result<Secret, MechanismError> {
        match std::mem::replace(&mut *self.lock()?, Value::Taken) {
            Value::Available(secret) => Ok(secret),
            Value::Taken => Err(taken()),
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, Value>, MechanismError> {
        match &self.0 {
            Some(value) => Ok(value.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Err(MechanismError::new(
                "the connection has no channel binding `tls-exporter`: that takes TLS 1.3, or TLS \
                 1.2 in a configuration that requires the extended master secret",
            )),
        }
    }
}

fn taken() -> MechanismError {
    MechanismError::new(
        "the channel binding of this connection was used by an earlier authentication, and may be \
         used once (RFC 9266 §4.1): open a new connection",
    )
}

impl Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.lock().as_deref() {
            Err(_) => "Exporter(unavailable)",
            Ok(Value::Available(_)) => "Exporter(<redacted>)",
            Ok(Value::Taken) => "Exporter(taken)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exporter_is_taken_once() {
        let exporter = Exporter::new(Secret::from("bind me"));
        assert_eq!(format!("{exporter:?}"), "Exporter(<redacted>)");
        assert_eq!(exporter.take().expect("the first").expose(), b"bind me");
        assert_eq!(format!("{exporter:?}"), "Exporter(taken)");
        let error = exporter.take().expect_err("the second");
        assert!(error.to_string().contains("open a new connection"), "{error}");
        assert!(exporter.is_supported(), "taken is not the same as never there");
    }

    #[test]
    fn an_exporter_that_is_not_there_stays_so() {
        let exporter = Exporter::unavailable();
        for _ in 0..2 {
            let error = exporter.take().expect_err("nothing to take");
            assert!(error.to_string().contains("TLS 1.3"), "{error}");
            assert!(!exporter.is_supported());
        }
        assert_eq!(format!("{exporter:?}"), "Exporter(unavailable)");
    }
}
