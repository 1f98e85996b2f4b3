//! A count of the bytes of a message, against the announced length and for the progress function.

use super::length::LengthError;
use crate::exclusive::Exclusive;

/// Where progress is told.
type Progress<'a> = Box<dyn FnMut(u64, Option<u64>) + Send + Sync + 'a>;

/// Nothing, for most messages: it stays small, as bodies are moved.
#[derive(Default)]
pub(super) struct LengthCheck<'a>(Option<Box<Counter<'a>>>);

#[derive(Default)]
struct Counter<'a> {
    announced: Option<u64>,
    progress: Option<Progress<'a>>,
    /// Bytes of all pieces so far.
    taken: u64,
    /// The progress that was last reported.
    told: Option<(u64, Option<u64>)>,
}

impl<'a> LengthCheck<'a> {
    pub(super) fn announce(&mut self, bytes: u64) {
        self.counter().announced = Some(bytes);
    }

    #[inline]
    pub(super) fn announced(&self) -> Option<u64> {
        self.0.as_ref()?.announced
    }

    pub(super) fn watch(&mut self, progress: impl FnMut(u64, Option<u64>) + Send + 'a) {
        let mut progress = Exclusive::new(progress);
        let progress = Box::new(move |sent, total| progress.get()(sent, total));
        self.counter().progress = Some(progress);
    }

    #[inline]
    pub(super) fn is_watched(&self) -> bool {
        self.0.as_ref().is_some_and(|counter| counter.progress.is_some())
    }

    /// Compares what was announced with the length of a message that is in memory.
    #[inline]
    pub(super) fn check_all(&self, bytes: u64) -> Result<(), LengthError> {
        match self.announced() {
            Some(announced) if announced != bytes => Err(LengthError::new(announced, bytes)),
            _ => Ok(()),
        }
    }

    /// Begins again, for the same message in another transaction. Its progress is not reported again.
    pub(super) fn restart(&mut self) {
        if let Some(counter) = &mut self.0 {
            **counter = Counter { announced: counter.announced, ..Counter::default() };
        }
    }

    /// Compares what was announced with the first piece, which is not counted yet; `None` where
    /// there is none.
    pub(super) fn check_first(&self, bytes: Option<usize>) -> Result<(), LengthError> {
        match (self.announced(), bytes.map(|bytes| bytes as u64)) {
            (Some(announced), Some(found)) if announced < found => {
                Err(LengthError::new(announced, found))
            }
            (Some(announced @ 1..), None) => Err(LengthError::new(announced, 0)),
            _ => Ok(()),
        }
    }

    /// Counts the next piece, before any of it is handed over; `None` after the last.
    pub(super) fn check(&mut self, bytes: Option<usize>) -> Result<(), LengthError> {
        match (&mut self.0, bytes) {
            (None, _) => Ok(()),
            (Some(counter), Some(bytes)) => counter.take(bytes as u64),
            (Some(counter), None) => counter.end(),
        }
    }

    /// The piece that was counted last is with the connection.
    pub(super) fn handed_over(&mut self) {
        if let Some(counter) = &mut self.0
            && counter.taken > 0
        {
            counter.tell(counter.announced);
        }
    }

    fn counter(&mut self) -> &mut Counter<'a> {
        self.0.get_or_insert_default()
    }
}

impl Counter<'_> {
    fn take(&mut self, bytes: u64) -> Result<(), LengthError> {
        self.taken = self.taken.saturating_add(bytes);
        match self.announced {
            Some(announced) if announced < self.taken => {
                Err(LengthError::new(announced, self.taken))
            }
            _ => Ok(()),
        }
    }

    /// There are no more pieces.
    fn end(&mut self) -> Result<(), LengthError> {
        match self.announced {
            Some(announced) if announced > self.taken => {
                Err(LengthError::new(announced, self.taken))
            }
            _ => {
                self.tell(Some(self.taken));
                Ok(())
            }
        }
    }

    fn tell(&mut self, total: Option<u64>) {
        let now = (self.taken, total);
        if self.told == Some(now) {
            return;
        }
        self.told = Some(now);
        if let Some(progress) = &mut self.progress {
            progress(self.taken, total);
        }
    }
}
