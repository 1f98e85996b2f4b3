//! A line on the terminal: how many, how fast, how long still.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Progress {
    all: usize,
    begin: Instant,
    /// When the line is shown again; None where there is no terminal.
    next: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(all: usize) -> Self {
        let begin = Instant::now();
        let next = std::io::stderr().is_terminal().then_some(begin);
        Self { all, begin, next }
    }

    pub(crate) fn show(&mut self, done: usize) {
        let now = Instant::now();
        if self.next.is_some_and(|next| next <= now) {
            self.next = Some(now + EVERY);
            print(&format!("\r{}\x1b[K", line(done, self.all, now - self.begin)));
        }
    }

    /// Takes the line away.
    pub(crate) fn close(self) {
        if self.next.is_some() {
            print("\r\x1b[K");
        }
    }
}

fn print(text: &str) {
    // A terminal that is gone is no reason to stop.
    let _ = write!(std::io::stderr(), "{text}");
    let _ = std::io::stderr().flush();
}

/// `450/1000  120 messages/s  0:05 left`
pub(crate) fn line(done: usize, all: usize, elapsed: Duration) -> String {
    let parts = u32::try_from(done).unwrap_or(u32::MAX);
    let left = u32::try_from(all.saturating_sub(done)).unwrap_or(u32::MAX);
    if parts == 0 {
        return format!("{done}/{all}");
    }
    let rate = f64::from(parts) / elapsed.as_secs_f64().max(1e-3);
    let seconds = (elapsed / parts).saturating_mul(left).as_secs_f64().ceil();
    let seconds = Duration::from_secs_f64(seconds).as_secs();
    format!("{done}/{all}  {rate:.0} messages/s  {}:{:02} left", seconds / 60, seconds % 60)
}
