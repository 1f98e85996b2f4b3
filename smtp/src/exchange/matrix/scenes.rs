//! The scenes: each exchange from its setup to what it has told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use smtp_derive::SmtpCommand;
use smtp_grammar::{Capabilities, Domain, Host};

use super::bench::{Bench, Pace};
use super::group::group;
use super::injection::Injection;
use super::messages::{LARGE, PIECE, PIECES, PROBE, content, envelope, mail, rcpts, recipients};
use super::nature::Nature;
use super::oracle::{Answered, Fate, Kind, Report, Shift, Story, number};
use super::setting::{Cell, Mode, Scene, Source, Trace};
use super::sources::{Answers, Feeder, Queue, Segments, Slow, facts};
use crate::command::{Data, Noop, Quit};
use crate::error::lost::Lost;
use crate::exchange::CommandResult;
use crate::exchange::command::{Parting, SendCommand};
use crate::exchange::delivery::Delivery;
use crate::exchange::dialog::Dialog;
use crate::exchange::feed::{Fed, FeedQueue, OwnedMessage};
use crate::exchange::hello::Hello;
use crate::exchange::message::{SendMessage, Sent};
use crate::exchange::plan::DeliveryCapabilities;
use crate::exchange::recipients::RecipientList;
use crate::exchange::sasl::SaslExchange;
use crate::exchange::transaction::{Carriage, Transaction};
use crate::exchange::watch::Watch;
use crate::message::body::Body;
use crate::message::named::NamedRecipients;
use crate::message::recipient::Recipient;
use crate::message::transfer::{BodyMethod, Transfer};
use crate::proto::command::Command;
use crate::proto::left_out::LeftOutList;
use crate::proto::line::Declared;

/// Asks two questions.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "XASK", accepts(250, 350), converses, valid_in(any))]
struct Ask;

/// Opens content as DATA does.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "XDATA", accepts(354), content)]
struct XData;

/// A cell under way.
pub(super) struct Stage<'c> {
    pub(super) cell: &'c Cell,
    pub(super) bench: Bench,
    pub(super) capabilities: Capabilities,
    pub(super) story: Story,
}

/// Runs a cell, and checks it.
pub(super) fn run(cell: &Cell) -> Result<Trace, (String, String)> {
    let bench = Bench::new(cell.nature, cell.mode, cell.pace, cell.strike);
    let capabilities = Capabilities::none();
    let mut stage = Stage { cell, bench, capabilities, story: Story::default() };
    let result = stage.play();
    let Stage { bench, story, .. } = stage;
    let server = bench.server;
    let dialogue = |result: &str| {
        let mut text = format!("{result}\n");
        for (number, entry) in server.log.iter().enumerate() {
            let _ = writeln!(text, "  {number}: {entry:?}");
        }
        text + &format!("  lost: {:?}\n  {story:?}\n", bench.cause)
    };
    match result {
        Err(error) => Err((error, dialogue(""))),
        Ok(trace) => Ok(trace),
    }
}

impl Stage<'_> {
    fn play(&mut self) -> Result<Trace, String> {
        let scene = self.cell.scene;
        self.bench.server.old = scene == Scene::HelloOld;
        let hello = matches!(scene, Scene::Hello | Scene::HelloOld);
        if !hello {
            self.hello()?;
        }
        let resets = matches!(scene, Scene::Command | Scene::Dialog | Scene::Sasl);
        self.bench.engine.facts.reset_due = resets;
        if matches!(scene, Scene::SendData | Scene::SendOwn | Scene::SendBdat) {
            self.send(scene)?;
        } else {
            self.begin();
            match scene {
                Scene::Hello | Scene::HelloOld => self.hello()?,
                Scene::Command => {
                    let mut noop = SendCommand::new(Noop, &self.capabilities, false);
                    let ran = self.bench.run(&mut noop)?;
                    self.answered(ran.lost, ran.output.map(|it| it.map(|(reply, _)| Some(reply))));
                }
                Scene::Dialog => {
                    let fails = self.strikes(Injection::SourceError);
                    let until = if fails { self.cell.questions } else { usize::MAX };
                    let mut answers = Answers { until };
                    let mut ask = Dialog::new(Ask, &mut answers, &self.capabilities, false, true);
                    let ran = self.bench.run(&mut ask)?;
                    self.answered(ran.lost, ran.output.map(|it| it.map(|(reply, _)| Some(reply))));
                }
                Scene::Sasl => {
                    let mut slow = Slow { gate: Arc::clone(&self.bench.gate), given: 0 };
                    let facts = facts(&self.capabilities);
                    let sasl = SaslExchange::new(&mut slow, facts, &self.capabilities);
                    let ran = self.bench.run(&mut sasl.map_err(|error| error.to_string())?)?;
                    self.answered(ran.lost, ran.output.map(|it| it.map(|()| None)));
                }
                Scene::One => self.deliver(&self.messages(1))?,
                Scene::Three => self.deliver(&self.messages(3))?,
                Scene::Feed => self.feed()?,
                Scene::Group | Scene::GroupQuit => group(self)?,
                Scene::Watch => {
                    let ran = self.bench.run(&mut Watch)?;
                    self.story.lost = ran.lost;
                }
                Scene::Parting => {
                    let ran = self.bench.run(&mut Parting::new(Quit, &self.capabilities))?;
                    (self.story.lost, self.story.over) = (ran.lost, true);
                }
                Scene::SendData | Scene::SendOwn | Scene::SendBdat => {}
            }
        }
        if self.cell.strike.is_some() && !self.bench.is_struck() {
            return Err("the fault did not strike".into());
        }
        self.story.shift = self.shift();
        self.story.check(&self.bench)?;
        let trace = self.trace();
        self.probe()?;
        Ok(trace)
    }

    /// The doubt where a reply is sent twice.
    fn shift(&self) -> Shift {
        let Cell { scene, mode, pace, .. } = *self.cell;
        if !self.strikes(Injection::Twice) {
            return Shift::None;
        }
        match (scene.sends(), mode) {
            // The next recipient takes it.
            (true, _) if mode.answers_each() => Shift::All,
            // It comes after its command has found its reply: the next one takes it.
            (false, Mode::Lockstep) if pace == Pace::Whole => Shift::None,
            (true, Mode::Lockstep | Mode::Pipelined) => Shift::Refusals,
            (true, Mode::LockstepChunks | Mode::Chunks) if pace == Pace::Whole => Shift::Refusals,
            _ => Shift::All,
        }
    }

    fn trace(&self) -> Trace {
        let first = self.story.first;
        let log = &self.bench.server.log;
        // Only a cell without a fault is looked at.
        let log = if self.cell.strike.is_none() { log.clone() } else { Vec::new() };
        let before = first.checked_sub(1).and_then(|last| log.get(last));
        Trace {
            first,
            begun_at: before.map_or(0, |entry| entry.at),
            log,
            contents: self.bench.server.contents.clone(),
            waits: self.bench.waits.clone(),
            had_no_room: self.bench.had_no_room,
        }
    }

    fn begin(&mut self) {
        let greeting = matches!(self.cell.scene, Scene::Hello | Scene::HelloOld);
        self.story.first = if greeting { 0 } else { self.bench.server.log.len() };
        self.bench.waits.clear();
        // The setup tells of it too.
        self.story.answered = None;
    }

    fn strikes(&self, what: Injection) -> bool {
        self.cell.strike.is_some_and(|(_, strike)| strike == what)
    }

    fn hello(&mut self) -> Result<(), String> {
        let client = Host::Domain("client.test".parse::<Domain>().expect("a domain"));
        let ran = self.bench.run(&mut Hello::after_greeting(&client, &[], false))?;
        if let Ok(Ok(capabilities)) = &ran.output {
            self.capabilities = capabilities.clone();
        }
        // A session that is refused is over.
        self.story.over = matches!(ran.output, Ok(Err(_)));
        self.answered(ran.lost, ran.output.map(|answer| answer.map(|_| None)));
        Ok(())
    }

    fn answered(
        &mut self,
        lost: bool,
        answer: Result<CommandResult<Option<smtp_grammar::Reply>>, Lost>,
    ) {
        self.story.lost = lost;
        self.story.answered = Some(match answer {
            Ok(Ok(reply)) => Answered::Yes(reply),
            Ok(Err(refusal)) => Answered::No(refusal),
            Err(lost) => Answered::Lost(lost),
        });
    }

    /// The numbers of the messages of a scene.
    fn messages(&self, count: usize) -> Vec<usize> {
        if self.cell.source == Source::Large { vec![LARGE] } else { (1..=count).collect() }
    }

    pub(super) fn body(&self, message: usize) -> Body<'static> {
        let text = content(message);
        let gate = &self.bench.gate;
        match self.cell.source {
            Source::Large if message == LARGE => {
                for _ in 0..=PIECES {
                    gate.let_one_pass();
                }
                let piece = |piece: usize| text.slice(piece * PIECE..(piece + 1) * PIECE);
                Segments::body(gate, (0..PIECES).map(piece))
            }
            Source::Memory | Source::Large => Body::from(text),
            // The second piece begins within a line.
            Source::Stream => Segments::body(gate, [text.slice(..24), text.slice(24..)]),
            Source::Each => {
                let gate = Arc::clone(gate);
                Body::each(move |_| {
                    let pieces = [text.slice(..24), text.slice(24..)];
                    Ok::<_, Infallible>(Segments::body(&gate, pieces))
                })
            }
        }
    }

    fn offers(&self, transfer: &Transfer) -> DeliveryCapabilities {
        DeliveryCapabilities::new(&self.capabilities, transfer, self.cell.mode.is_lmtp())
    }

    fn command(
        &mut self,
        command: impl Command,
    ) -> Result<CommandResult<smtp_grammar::Reply>, String> {
        let mut exchange = SendCommand::new(command, &self.capabilities, false);
        let ran = self.bench.run(&mut exchange)?;
        let answer = ran.output.map_err(|lost| format!("the setup is lost: {lost}"))?;
        Ok(answer.map(|(reply, _)| reply))
    }

    fn send(&mut self, scene: Scene) -> Result<(), String> {
        let message = if self.cell.source == Source::Large { LARGE } else { 1 };
        let prdr = self.cell.mode == Mode::Prdr;
        self.command(mail(message, prdr))?.map_err(|refusal| refusal.to_string())?;
        let (mut named, mut accepted) = (Vec::new(), 0);
        for rcpt in rcpts(message) {
            let mut recipient = Recipient::new(rcpt.path().clone());
            match self.command(rcpt)? {
                Ok(reply) => {
                    recipient.accept(reply, u32::try_from(accepted).unwrap_or(u32::MAX));
                    accepted += 1;
                }
                Err(refusal) => recipient.refuse(refusal),
            }
            named.push(recipient);
        }
        self.begin();
        let body = self.body(message);
        let method = if scene == Scene::SendBdat { BodyMethod::Bdat } else { BodyMethod::Data };
        let chunk_size = self.cell.mode.transfer(self.cell.source).chunk;
        let carriage = Carriage { method, summary: body.summary().ok().flatten(), chunk_size };
        let recipients = RecipientList::answered(NamedRecipients {
            list: named,
            left_out: LeftOutList::default(),
        });
        let declared = if prdr { Declared::PRDR } else { Declared::default() };
        let transaction = Transaction::opened(recipients, accepted, declared, body, carriage);
        let capabilities = &self.capabilities;
        let ran = match scene {
            Scene::SendOwn => {
                self.bench.run(&mut SendMessage::new(transaction, Some(XData), capabilities))?
            }
            _ => {
                let data = (method == BodyMethod::Data).then_some(Data);
                self.bench.run(&mut SendMessage::new(transaction, data, capabilities))?
            }
        };
        self.story.lost = ran.lost;
        self.story.reports.push(sent(message, &ran.output));
        Ok(())
    }

    fn deliver(&mut self, messages: &[usize]) -> Result<(), String> {
        let transfer = self.cell.mode.transfer(self.cell.source);
        let offers = self.offers(&transfer);
        let bodies: VecDeque<_> = messages
            .iter()
            .map(|&message| (message, envelope(message), self.body(message)))
            .collect();
        let stream = self.cell.source == Source::Stream;
        let gate = stream.then(|| Arc::clone(&self.bench.gate));
        let queue = Queue { messages: bodies, gate, reports: Vec::new() };
        let mut delivery = Delivery::new(offers, queue);
        let ran = self.bench.run(&mut delivery)?;
        let queue = delivery.messages();
        self.story.lost = ran.lost;
        self.story.reports =
            queue.reports.iter().map(|(number, told)| Report::delivered(*number, told)).collect();
        self.story.remaining = queue.messages.iter().map(|message| message.0).collect();
        let known = self
            .story
            .reports
            .iter()
            .map(|report| report.message)
            .chain(self.story.remaining.iter().copied());
        if known.filter(|number| messages.contains(number)).count() != messages.len() {
            return Err("a message was not told of".into());
        }
        if !ran.lost && !self.story.remaining.is_empty() {
            return Err("it has stopped before the last message".into());
        }
        Ok(())
    }

    fn feed(&mut self) -> Result<(), String> {
        let transfer = self.cell.mode.transfer(self.cell.source);
        let offers = self.offers(&transfer);
        let queue = Arc::new(FeedQueue::default());
        queue.add_handle();
        let waiting: VecDeque<(usize, OwnedMessage)> =
            (1..=3).map(|message| (message, (envelope(message), self.body(message)))).collect();
        let slots = Vec::new();
        self.bench.feeder = Some(Feeder { queue: Arc::clone(&queue), waiting, slots });
        let mut delivery = Delivery::new(offers, Fed::new(Arc::clone(&queue)));
        let ran = self.bench.run(&mut delivery)?;
        self.story.lost = ran.lost;
        if let Err(lost) = ran.output {
            queue.close(&Ok(lost));
        }
        let Some(feeder) = self.bench.feeder.take() else { return Ok(()) };
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        for (number, slot) in &feeder.slots {
            let std::task::Poll::Ready(result) = slot.poll_result(&mut cx) else {
                return Err(format!("no caller was told of message {number}"));
            };
            self.story.reports.push(Report::delivered(*number, &result));
        }
        self.story.remaining = feeder.waiting.iter().map(|message| message.0).collect();
        Ok(())
    }

    /// Finds out whether the connection can be used: by a command, and by a message that must
    /// arrive at its recipient and at no other.
    fn probe(&mut self) -> Result<(), String> {
        if self.story.over && self.cell.survives && self.story.lost {
            return Err("the connection is lost before its end".into());
        }
        let usable = !self.story.lost && self.is_usable();
        if self.story.over || usable == self.cell.survives {
            return if usable { self.probe_usable() } else { Ok(()) };
        }
        Err(if usable { "the connection is kept" } else { "the connection is not kept" }.into())
    }

    /// As the next call finds it.
    fn is_usable(&mut self) -> bool {
        self.bench.read_rest();
        // The rest of a refused chunk leaves with the next command.
        !self.bench.engine.awaits_reply()
            && self.bench.engine.check_watched().is_ok()
            && self.bench.engine.check_idle().is_ok()
    }

    fn probe_usable(&mut self) -> Result<(), String> {
        if self.story.over {
            return Ok(());
        }
        self.bench.strike = None;
        self.bench.server.strike = None;
        self.command(Noop)?.map_err(|refusal| format!("NOOP afterwards: {refusal}"))?;
        let before = self.bench.server.arrived.len();
        let offers = self.offers(&Transfer::data());
        let messages = [(PROBE, envelope(PROBE), Body::from(content(PROBE)))].into();
        let queue = Queue { messages, gate: None, reports: Vec::new() };
        let mut delivery = Delivery::new(offers, queue);
        let ran = self.bench.run(&mut delivery)?;
        let told = delivery.messages().reports.first();
        if ran.lost || !matches!(told, Some((PROBE, Ok(_)))) {
            return Err(format!("a message afterwards: {told:?}"));
        }
        let arrived = &self.bench.server.arrived[before..];
        match arrived {
            [one] if one.taken && one.rcpts == *recipients(PROBE) => Ok(()),
            _ => Err(format!("a message afterwards arrived as {arrived:?}")),
        }
    }
}

fn sent(message: usize, sent: &Sent) -> Report {
    let (kind, recipients) = match sent {
        Sent::Taken(receipt) => (Kind::Taken, receipt.recipients()),
        Sent::Refused(undelivered) => (Kind::Refused, undelivered.recipients()),
        Sent::Lost(lost) => (Kind::Lost, lost.recipients()),
        Sent::Unknown(unknown) => (Kind::Unknown, unknown.recipients()),
    };
    let transient = match sent {
        Sent::Taken(_) => None,
        Sent::Refused(undelivered) => Some(undelivered.is_transient()),
        Sent::Lost(lost) => Some(lost.is_transient()),
        Sent::Unknown(_) => Some(false),
    };
    let reply = match sent {
        Sent::Taken(receipt) => number(receipt.reply()),
        _ => None,
    };
    let fates = recipients.iter().map(Fate::of).collect();
    Report { message, kind, fates, transient, reply }
}

/// The scene of an idle connection: it has no end without a fault.
pub(super) fn watched() -> Trace {
    let cell = Cell {
        scene: Scene::Parting,
        mode: Mode::Lockstep,
        nature: Nature::Plain,
        source: Source::Memory,
        pace: Pace::Whole,
        strike: None,
        questions: 0,
        survives: true,
    };
    run(&cell).expect("QUIT")
}
