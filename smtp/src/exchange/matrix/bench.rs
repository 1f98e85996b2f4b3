//! The bench: it does for an exchange what the driver does, between the engine and the model
//! server, and lets one thing go wrong at one place.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Waker};

use super::injection::{Ending, Injection};
use super::nature::Nature;
use super::server::Server;
use super::setting::Mode;
use super::sources::{Feeder, Gate, Waits};
use crate::error::lost::Lost;
use crate::exchange::{Exchange, Need};
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::limits::Limits;
use crate::proto::stage::Stage;

/// Where it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At this reply: the server has the command.
    Reply(usize),
    /// Once the server has so many bytes, and nothing else can go on: it takes no more before.
    Bytes(u64),
    /// While a source is waited for, the so-manyth time.
    Source(usize),
}

/// How replies arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// All that was said is read at once, and the end of the stream with it.
    Whole,
    /// One reply at a time.
    Replies,
    /// One byte at a time.
    Bytes,
}

/// The result of an exchange.
#[derive(Debug)]
pub(super) struct Ran<T> {
    pub(super) output: T,
    pub(super) lost: bool,
}

pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) server: Server,
    pub(super) gate: Arc<Gate>,
    pub(super) feeder: Option<Feeder>,
    pub(super) strike: Option<(Place, Injection)>,
    pace: Pace,
    struck: bool,
    /// Bytes that were given to the client.
    pub(super) received: u64,
    /// The sources that were waited for.
    pub(super) waits: Vec<Waits>,
    /// The exchange has waited for room.
    pub(super) had_no_room: bool,
    broken: bool,
    pub(super) mode: Mode,
    /// Why the last connection was lost, for the report of a cell that failed.
    pub(super) cause: Option<String>,
    /// Bytes that had left when the stream was known to be over.
    left_at_end: Option<u64>,
}

/// More steps than any exchange takes.
const MOST_TURNS: usize = 20_000;

impl Bench {
    pub(super) fn new(
        nature: Nature,
        mode: Mode,
        pace: Pace,
        strike: Option<(Place, Injection)>,
    ) -> Self {
        let limits = Limits {
            reply_line: 96,
            reply_lines: 8,
            reply_bytes: 512,
            auth_line: 256,
            ..Limits::default()
        };
        let mut server = Server::new(nature, mode.offers(), mode.is_lmtp());
        if let Some((Place::Reply(number), what)) = strike {
            server.strike = Some((number, what));
        }
        server.greet();
        let mut engine = Engine::new(limits, None);
        engine.facts.lmtp = mode.is_lmtp();
        Self {
            engine,
            server,
            gate: Arc::new(Gate::default()),
            feeder: None,
            strike,
            pace,
            struck: false,
            received: 0,
            waits: Vec::new(),
            had_no_room: false,
            broken: false,
            mode,
            cause: None,
            left_at_end: None,
        }
    }

    /// Runs an exchange as the driver does.
    pub(super) fn run<X: Exchange>(&mut self, exchange: &mut X) -> Result<Ran<X::Output>, String> {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..MOST_TURNS {
            let need = match exchange.advance(&mut self.engine) {
                Ok(Need::Done(output)) => return Ok(Ran { output, lost: false }),
                Ok(need) => need,
                Err(fault) => return self.lose(exchange, fault),
            };
            if let Some(fault) = self.engine.take_ending() {
                return self.lose(exchange, fault);
            }
            self.gate.take_waiting();
            let source = matches!(need, Need::Source);
            if source && exchange.poll_source(&mut cx).is_ready() {
                continue;
            }
            self.had_no_room |= matches!(need, Need::Room);
            if !self.progress() {
                self.unblock(&need, exchange.source_stage())?;
            }
        }
        Err("it does not end".into())
    }

    /// As the driver does when the connection is lost.
    fn lose<X: Exchange>(
        &mut self,
        exchange: &mut X,
        fault: Fault,
    ) -> Result<Ran<X::Output>, String> {
        self.cause = Some(fault.to_string());
        let stage = self.engine.stage();
        let fault = self.engine.end(fault);
        let lost = Lost::with_unread(fault, stage, self.engine.take_unread_line());
        let output = exchange.lost(&self.engine, lost);
        if !self.engine.output().is_empty() {
            return Err("bytes wait to be written after the end".into());
        }
        if !self.engine.has_ended() {
            return Err("the engine does not know of the end".into());
        }
        Ok(Ran { output, lost: true })
    }

    /// Writes and reads once each. False when neither was possible.
    fn progress(&mut self) -> bool {
        let wrote = self.write();
        self.read() || wrote
    }

    fn write(&mut self) -> bool {
        if self.engine.has_write_failed() || self.engine.output().is_empty() {
            return false;
        }
        if self.broken || self.server.ending == Some(Ending::Reset) {
            self.engine.write_failed(io::ErrorKind::BrokenPipe.into());
            return true;
        }
        let most = match self.strike {
            // A reply to a part is read before more of it leaves.
            Some((Place::Bytes(at), what))
                if !self.struck || !what.goes_on() || !self.server.out.is_empty() =>
            {
                at.saturating_sub(self.server.at)
            }
            _ => u64::MAX,
        };
        let output = self.engine.output();
        let mut slices = [IoSlice::new(&[]); 8];
        let filled = output.slices(&mut slices);
        let mut written = 0;
        for slice in &slices[..filled] {
            let room = usize::try_from(most).unwrap_or(usize::MAX) - written;
            let part = slice.len().min(room);
            self.server.receive(&slice[..part]);
            written += part;
        }
        output.advance(written);
        if self.server.struck && !self.struck {
            self.struck = true;
            self.break_writing();
        }
        written > 0
    }

    fn break_writing(&mut self) {
        let Some((_, what)) = self.strike else { return };
        if what.breaks_writing() {
            self.broken = true;
            self.engine.write_failed(io::ErrorKind::BrokenPipe.into());
        }
    }

    fn read(&mut self) -> bool {
        if self.server.out.is_empty() {
            self.server.refill();
        }
        let said = &mut self.server.out;
        let part = match self.pace {
            Pace::Whole => said.len(),
            Pace::Replies => {
                let end = said.iter().position(|&byte| byte == b'\n');
                end.map_or(said.len(), |end| end + 1)
            }
            Pace::Bytes => said.len().min(1),
        };
        self.engine.receive(&said[..part]);
        said.drain(..part);
        self.received += part as u64;
        if part > 0 && (!said.is_empty() || self.pace != Pace::Whole) {
            return true;
        }
        match self.server.ending.take() {
            Some(Ending::End) => self.engine.receive_failed(Fault::Closed),
            Some(Ending::Reset) => {
                self.broken = true;
                self.engine.receive_failed(Fault::Io(io::ErrorKind::ConnectionReset.into()));
            }
            None => return part > 0,
        }
        self.left_at_end = Some(self.server.at);
        true
    }

    /// Nothing moves: lets a source go on, lets it go wrong, or lets the time pass.
    fn unblock<T>(&mut self, need: &Need<T>, source: Option<Stage>) -> Result<(), String> {
        let waits = match need {
            Need::Source => Some(self.gate.take_waiting().unwrap_or(Waits::Message)),
            _ => None,
        };
        match self.strike {
            Some((Place::Bytes(at), what)) if !self.struck && at == self.server.at => {
                self.strike_here(what);
                return Ok(());
            }
            Some((Place::Source(number), what))
                if !self.struck && waits.is_some() && number == self.waits.len() =>
            {
                self.strike_here(what);
                return Ok(());
            }
            Some((_, what)) if self.is_struck() && !what.goes_on() => {
                if !what.is_silent() && !self.broken {
                    return Err(format!("it waits ({}) after {what:?}", name(need)));
                }
                let stage = self.engine.stage().or(source).unwrap_or(Stage::Other);
                self.engine.receive_failed(match what {
                    Injection::HalfLineThenSilence => Fault::TimedOut(stage),
                    _ => Fault::DeadlineExceeded,
                });
                self.left_at_end = Some(self.server.at);
                return Ok(());
            }
            _ => {}
        }
        let Some(what) = waits else {
            return Err(format!("it waits for an event that cannot come ({})", name(need)));
        };
        self.waits.push(what);
        match &mut self.feeder {
            Some(feeder) if what == Waits::Message => feeder.push(),
            _ => self.gate.let_one_pass(),
        }
        Ok(())
    }

    fn strike_here(&mut self, what: Injection) {
        self.struck = true;
        match what {
            Injection::BodyError | Injection::SourceError => {
                match &mut self.feeder {
                    Some(feeder) if what == Injection::SourceError => feeder.push_broken(),
                    _ => self.gate.fail(),
                }
                self.server.struck = true;
            }
            _ => self.server.strike_unasked(what),
        }
        self.break_writing();
    }

    /// Whether it went wrong where it should.
    pub(super) fn is_struck(&self) -> bool {
        self.struck || self.server.struck
    }

    /// Gives the client what is left to be read, as the next call on a connection does.
    pub(super) fn read_rest(&mut self) {
        self.server.endless = None;
        while self.read() {}
    }

    /// The bytes that were written after the stream was known to be over.
    pub(super) fn written_after_end(&self) -> u64 {
        self.left_at_end.map_or(0, |left| self.server.at - left)
    }
}

fn name<T>(need: &Need<T>) -> &'static str {
    match need {
        Need::Reply => "for a reply",
        Need::Room => "for room",
        Need::Source => "for a source",
        Need::Done(_) => "for nothing",
    }
}
