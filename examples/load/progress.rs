//! A progress bar on a terminal, for runs that take long.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::message::Job;
use crate::report::{float, per_second};

const EVERY: Duration = Duration::from_millis(100);
const WIDTH: usize = 30;

/// A bar on the terminal, or none.
#[derive(Debug)]
pub(crate) struct Bar(Option<JoinHandle<()>>);

impl Bar {
    /// Begins to show how far the job is, if the error output is a terminal.
    pub(crate) fn start(job: &Arc<Job>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let (job, began) = (Arc::clone(job), Instant::now());
        Self(Some(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            loop {
                ticks.tick().await;
                let line = line(job.done(), job.messages, job.bytes(), began.elapsed());
                print(&format!("\r{line}\x1b[K"));
            }
        })))
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        if let Some(task) = self.0 {
            task.abort();
            print("\r\x1b[K");
        }
    }
}

fn print(text: &str) {
    // A terminal that is gone is no reason to stop.
    let _ = write!(std::io::stderr(), "{text}");
    let _ = std::io::stderr().flush();
}

/// `[=====>    ]  450/1000  1203 messages/s  2.4 MB/s  1 s left`
pub(crate) fn line(done: u64, all: u64, bytes: (u64, u64), elapsed: Duration) -> String {
    let (sent, total) = (bytes.0.min(bytes.1), bytes.1.max(1));
    let share = float(sent) / float(total);
    let filled = (0..WIDTH).filter(|&cell| cell as u64 * total < sent * WIDTH as u64).count();
    let bar: String = (0..WIDTH).map(|cell| if cell < filled { '=' } else { ' ' }).collect();
    let left = match Duration::try_from_secs_f64(elapsed.as_secs_f64() * (1.0 / share - 1.0)) {
        Ok(left) if sent > 0 => clock(left),
        _ => "?".to_owned(),
    };
    let rate = per_second(done, elapsed);
    let bytes = per_second(sent, elapsed) / 1e6;
    format!("[{bar}] {done}/{all}  {rate:.0} messages/s  {bytes:.1} MB/s  {left} left")
}

/// `1:02:03`, `2:03` or `3 s`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil();
    let time = Duration::try_from_secs_f64(seconds).unwrap_or(time).as_secs();
    let (hours, minutes, seconds) = (time / 3600, time / 60 % 60, time % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
