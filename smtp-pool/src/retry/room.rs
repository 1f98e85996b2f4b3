//! The room for messages that wait for another attempt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The room of one handle and its clones.
#[derive(Debug)]
pub(super) struct Room {
    messages: usize,
    bytes: u64,
    taken: Mutex<Taken>,
}

/// The messages that wait now, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) messages: usize,
    pub(super) bytes: u64,
}

/// The room of one message, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    bytes: u64,
}

impl Room {
    pub(super) fn new(messages: usize, bytes: u64) -> Self {
        Self { messages, bytes, taken: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn taken(&self) -> Taken {
        *self.lock()
    }

    /// Room for a message of so many bytes, where there is, in place of that which it had.
    pub(super) fn take(self: &Arc<Self>, bytes: u64, before: Option<Place>) -> Option<Place> {
        let mut taken = self.lock();
        let had = before.as_ref().map_or(0, |before| before.bytes);
        let all = (taken.bytes - had).checked_add(bytes).filter(|&all| all <= self.bytes)?;
        match before {
            Some(mut place) => {
                taken.bytes = all;
                place.bytes = bytes;
                Some(place)
            }
            None if taken.messages < self.messages => {
                *taken = Taken { messages: taken.messages + 1, bytes: all };
                Some(Place { room: Arc::clone(self), bytes })
            }
            None => None,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.lock();
        taken.messages -= 1;
        taken.bytes -= self.bytes;
    }
}
