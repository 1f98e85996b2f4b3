//! The option to send commands in the flight of AUTH, until a server does not take them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether commands may follow AUTH in its flight. Clones share that a server did not take it.
#[derive(Clone, Debug, Default)]
pub(super) struct AuthPipelining(Option<Arc<AtomicBool>>);

impl AuthPipelining {
    pub(super) fn on() -> Self {
        Self(Some(Arc::new(AtomicBool::new(true))))
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.as_ref().is_some_and(|on| on.load(Ordering::Relaxed))
    }

    pub(super) fn turn_off(&self) {
        if let Some(on) = &self.0 {
            on.store(false, Ordering::Relaxed);
        }
    }
}
