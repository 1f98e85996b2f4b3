//! The report at the end: rates, round trips and latency, as text or JSON.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::Result;
use crate::args::{Mode, Options, Security};
use crate::message::Job;
use crate::send::Sent;

/// The figures of a run.
#[derive(Debug)]
pub(crate) struct Report {
    mode: Mode,
    security: Security,
    pipelining: bool,
    connections: usize,
    messages: u64,
    /// Messages that were not taken because there was no connection any more.
    unsent: u64,
    rcpts: usize,
    /// Bytes of each message.
    size: usize,
    sent: Sent,
}

impl Report {
    pub(crate) fn new(options: &Options, job: &Job, mut sent: Sent) -> Self {
        sent.latencies.sort_unstable();
        Self {
            mode: options.mode,
            security: options.security,
            pipelining: options.pipelining,
            connections: options.connections,
            messages: job.messages,
            unsent: job.left(),
            rcpts: options.rcpts,
            size: job.content.len(),
            sent,
        }
    }

    /// Messages that the server took.
    fn taken(&self) -> u64 {
        self.sent.latencies.len() as u64
    }

    /// Messages that may have been delivered, or were never sent.
    fn lost(&self) -> u64 {
        self.sent.lost + self.unsent
    }

    fn messages_per_second(&self) -> f64 {
        per_second(self.taken(), self.sent.took)
    }

    fn megabytes_per_second(&self) -> f64 {
        self.messages_per_second() * float(self.size as u64) / 1e6
    }

    /// Of those that the server has answered.
    fn round_trips_per_message(&self) -> f64 {
        float(self.sent.round_trips) / float((self.taken() + self.sent.refused).max(1))
    }

    /// The latency that so many of a hundred messages did not exceed, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        milliseconds(percentile(&self.sent.latencies, percent))
    }

    /// An error, if not every message was taken for every recipient.
    pub(crate) fn verdict(&self) -> Result<()> {
        let [of_rcpt, of_message, of_connection] = &self.sent.reasons;
        let rcpts = self.messages.saturating_mul(self.rcpts as u64);
        let table = [
            (self.sent.refused, self.messages, "messages were refused", of_message),
            (self.sent.rcpts_refused, rcpts, "recipients were refused", of_rcpt),
            (
                self.lost(),
                self.messages,
                "messages were not taken because a connection was lost",
                of_connection,
            ),
        ];
        let wrong: Vec<String> = table
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, all, what, reason)| {
                let first = reason.as_deref().unwrap_or("no reason was given");
                format!("{count} of {all} {what}, the first with: {first}")
            })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ").into()) }
    }

    /// One line of JSON. Durations are in the unit that their name ends with.
    pub(crate) fn json(&self) -> String {
        let Self { mode, security, pipelining, connections, messages, rcpts, size, .. } = self;
        let Sent { refused, rcpts_refused, round_trips, set_up_round_trips, .. } = &self.sent;
        let (taken, lost) = (self.taken(), self.lost());
        let (took, set_up) = (self.sent.took.as_secs_f64(), self.sent.set_up.as_secs_f64());
        let (rate, megabytes) = (self.messages_per_second(), self.megabytes_per_second());
        let each = self.round_trips_per_message();
        let (p50, p99, max) = (self.percentile(50), self.percentile(99), self.percentile(100));
        format!(
            "{{\"mode\":\"{mode}\",\"tls\":\"{security}\",\"pipelining\":{pipelining},\
             \"connections\":{connections},\"messages\":{messages},\"rcpts\":{rcpts},\
             \"size\":{size},\"taken\":{taken},\"refused\":{refused},\"lost\":{lost},\
             \"rcpts_refused\":{rcpts_refused},\"seconds\":{took:.6},\
             \"messages_per_second\":{rate:.1},\"megabytes_per_second\":{megabytes:.3},\
             \"round_trips\":{round_trips},\"round_trips_per_message\":{each:.3},\
             \"latency_p50_ms\":{p50:.3},\"latency_p99_ms\":{p99:.3},\"latency_max_ms\":{max:.3},\
             \"setup_seconds\":{set_up:.6},\"setup_round_trips\":{set_up_round_trips}}}"
        )
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (taken, each) = (self.taken(), self.round_trips_per_message());
        let tls = match self.security {
            Security::StartTls => "STARTTLS",
            Security::Implicit => "implicit TLS",
            Security::None => "no TLS",
        };
        let lockstep = if self.pipelining { "" } else { ", no pipelining" };
        writeln!(
            f,
            "{taken} of {} messages taken: size {}, rcpts {}, connections {}, {}, {tls}{lockstep}",
            self.messages, self.size, self.rcpts, self.connections, self.mode
        )?;
        let (took, set_up) = (self.sent.took.as_secs_f64(), self.sent.set_up.as_secs_f64());
        let (rate, megabytes) = (self.messages_per_second(), self.megabytes_per_second());
        let trips = self.sent.set_up_round_trips;
        writeln!(f, "set-up       {set_up:.3} s, {trips} round trips for a connection")?;
        writeln!(f, "time         {took:.3} s")?;
        writeln!(f, "rate         {rate:.0} messages/s, {megabytes:.2} MB/s")?;
        write!(f, "round trips  {}, {each:.2} for a message", self.sent.round_trips)?;
        if taken == 0 {
            return Ok(());
        }
        let (p50, p99, max) = (self.percentile(50), self.percentile(99), self.percentile(100));
        write!(f, "\nlatency      p50 {p50:.3} ms, p99 {p99:.3} ms, at most {max:.3} ms")
    }
}

/// The value that so many of a hundred do not exceed, by the nearest rank; `sorted` is.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    float(count) / time.as_secs_f64().max(f64::EPSILON)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[allow(clippy::cast_precision_loss)] // the report shows fewer than fifteen digits
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
