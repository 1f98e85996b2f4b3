//! The time that each step of the set-up took, and its picture.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::args::Mode;
use crate::look::{Look, What};

/// The width of the picture.
const WIDTH: usize = 40;
/// Verbs that begin a step. The other lines of the client belong to the step before.
const VERBS: [&str; 5] = ["EHLO", "HELO", "STARTTLS", "AUTH", "QUIT"];

/// A step, and when it began and ended since the look began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) began: Duration,
    pub(crate) ended: Duration,
    /// Its end was seen: without that, it is the one in which the session ended.
    pub(crate) done: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline(pub(crate) Vec<Step>);

impl Timeline {
    pub(crate) fn of(look: &Look, mode: Mode) -> Self {
        let since = |at: tokio::time::Instant| at.saturating_duration_since(look.began);
        let end = look.marks.last().map_or(look.ended, |mark| mark.at);
        let mut steps = Vec::new();
        if let Some(look_up) = &look.log.look_up {
            let answer = look_up.answer.as_ref().map(|(at, _)| *at);
            let (began, ended) = (since(look_up.began), since(answer.unwrap_or(look.ended)));
            steps.push(Step { name: "name", began, ended, done: answer.is_some() });
        }
        let Some(dial) = look.log.used() else {
            if let Some(first) = look.log.dials.first() {
                let (began, ended) = (since(first.began), since(look.ended));
                steps.push(Step { name: "connect", began, ended, done: false });
            }
            return Self(steps);
        };
        // Attempts at other addresses came before it.
        let first = look.log.dials.iter().map(|dial| dial.began).min().unwrap_or(dial.began);
        let connected = dial.began + dial.took().unwrap_or_default();
        steps.push(Step {
            name: "connect",
            began: since(first),
            ended: since(connected),
            done: true,
        });
        let at_first = if mode == Mode::Implicit { "TLS" } else { "greeting" };
        let (began, ended) = (since(connected), since(connected));
        steps.push(Step { name: at_first, began, ended, done: false });
        for mark in &look.marks {
            let at = since(mark.at);
            let Some(step) = steps.last_mut() else { break };
            match &mark.what {
                What::Sent(line) => {
                    let verb = VERBS.into_iter().find(|verb| is_verb(line, verb));
                    if let Some(name) = verb {
                        steps.push(Step { name, began: at, ended: at, done: false });
                    }
                }
                What::Received(_) => (step.ended, step.done) = (at, true),
                What::Secured => {
                    if step.name != "TLS" {
                        let began = step.ended;
                        steps.push(Step { name: "TLS", began, ended: at, done: true });
                        continue;
                    }
                    (step.ended, step.done) = (at, true);
                    if mode == Mode::Implicit {
                        steps.push(Step { name: "greeting", began: at, ended: at, done: false });
                    }
                }
            }
        }
        let mut timeline = Self(steps);
        timeline.close(since(end), since(look.ended), look.failure.is_some());
        timeline
    }

    /// The step in which a session ended that failed takes up the rest of the time. A reply that
    /// was not waited for took none.
    fn close(&mut self, last: Duration, end: Duration, failed: bool) {
        match self.0.last_mut() {
            Some(step) if !step.done && !failed => {
                (step.ended, step.done) = (last.max(step.began), true);
            }
            Some(step) if !step.done => step.ended = end,
            // The reply to STARTTLS came, and TLS did not.
            Some(step) if failed && step.name == "STARTTLS" => {
                let began = step.ended;
                self.0.push(Step { name: "TLS", began, ended: end, done: false });
            }
            _ => {}
        }
    }

    /// The step that was not done.
    pub(crate) fn open(&self) -> Option<&'static str> {
        self.0.last().filter(|step| !step.done).map(|step| step.name)
    }
}

fn is_verb(line: &str, verb: &str) -> bool {
    let rest = line.strip_prefix(verb);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Milliseconds, to a tenth.
pub(crate) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The column of a moment.
fn column(at: Duration, all: Duration) -> usize {
    let all = all.as_micros().max(1);
    let column = at.as_micros().min(all) * WIDTH as u128 / all;
    usize::try_from(column).unwrap_or(WIDTH)
}

impl Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.iter().map(|step| step.ended).max().unwrap_or_default();
        for step in &self.0 {
            let from = column(step.began, all).min(WIDTH - 1);
            // A step that is too short for a column is shown as well.
            let to = column(step.ended, all).clamp(from + 1, WIDTH);
            let bar = if step.done { "=" } else { "?" }.repeat(to - from);
            let bar = format!("{}{bar}", " ".repeat(from));
            let (began, took) = (millis(step.began), millis(step.ended.saturating_sub(step.began)));
            writeln!(f, "  {:<9}{began:>9.1} ms +{took:>8.1} ms |{bar:<WIDTH$}|", step.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture() {
        let step = |name, began, ended, done| {
            let time = Duration::from_millis;
            Step { name, began: time(began), ended: time(ended), done }
        };
        let steps = vec![
            step("name", 0, 10, true),
            step("connect", 10, 20, true),
            step("TLS", 20, 40, false),
        ];
        let expected = [
            "  name           0.0 ms +    10.0 ms |==========                              |\n",
            "  connect       10.0 ms +    10.0 ms |          ==========                    |\n",
            "  TLS           20.0 ms +    20.0 ms |                    ????????????????????|\n",
        ];
        assert_eq!(Timeline(steps).to_string(), expected.concat());
        let zero = Timeline(vec![step("name", 0, 0, true)]).to_string();
        assert!(zero.contains("|=  "), "{zero}");
    }
}
