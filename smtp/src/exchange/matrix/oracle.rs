//! The oracle: what must be true of each cell, by what the model server knows.

use std::collections::BTreeMap;

use smtp_grammar::Reply;

use super::bench::{Bench, Place};
use super::injection::Injection;
use super::messages::{BROKEN, content, recipients};
use super::server::{Entry, NO_MESSAGE};
use super::setting::Mode;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::message::recipient::{Recipient, RecipientOutcome};

/// The reported result of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    /// By the reply of this number; none where the server had no part in it.
    Refused {
        number: Option<usize>,
        command: &'static str,
        transient: bool,
    },
    Unknown,
    NotSent,
}

/// The reported result of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Taken,
    Refused,
    Lost,
    Unknown,
    NotSent,
}

#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) message: usize,
    pub(super) kind: Kind,
    pub(super) fates: Vec<(String, Fate)>,
    /// Whether it may be sent again, where an error says so.
    pub(super) transient: Option<bool>,
    /// The reply of its receipt.
    pub(super) reply: Option<usize>,
}

/// The result of a command.
#[derive(Debug)]
pub(super) enum Answered {
    Yes(Option<Reply>),
    No(Refusal),
    Lost(Lost),
}

/// The result of a scene.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) reports: Vec<Report>,
    /// Messages that were not taken from their source.
    pub(super) remaining: Vec<usize>,
    pub(super) answered: Option<Answered>,
    pub(super) lost: bool,
    /// The session has ended with QUIT.
    pub(super) over: bool,
    /// The messages are entries of a group.
    pub(super) grouped: bool,
    /// Replies before this one belong to the setup.
    pub(super) first: usize,
    /// The doubt that a reply which was sent twice puts on the others.
    pub(super) shift: Shift,
}

/// Whether a reply that was said twice can be told from the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shift {
    /// It can.
    #[default]
    None,
    /// Not from a refusal: after DATA, 354 is the reply to nothing else, so what was delivered was.
    Refusals,
    /// It cannot, and a report that was made before it was found may be wrong.
    All,
}

impl Fate {
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self::Refused {
            number: refusal.reply().and_then(number),
            command: refusal.command(),
            transient: refusal.is_transient(),
        }
    }

    pub(super) fn of(recipient: &Recipient) -> (String, Self) {
        let fate = match recipient.outcome() {
            RecipientOutcome::Delivered => Self::Delivered,
            RecipientOutcome::Refused(refusal) => Self::refused(refusal),
            RecipientOutcome::Unknown => Self::Unknown,
            RecipientOutcome::NotSent => Self::NotSent,
        };
        let path = recipient.path().mailbox().map(ToString::to_string);
        (path.unwrap_or_default(), fate)
    }
}

/// The number that stands in each reply of the server.
pub(super) fn number(reply: &Reply) -> Option<usize> {
    let text = reply.text();
    let digits = text.split_once('#')?.1;
    digits.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
}

impl Report {
    pub(super) fn delivered(message: usize, result: &Result<Receipt, DeliverError>) -> Self {
        let kind = match result {
            Ok(_) => Kind::Taken,
            Err(DeliverError::Refused(_)) => Kind::Refused,
            Err(DeliverError::Lost(_)) => Kind::Lost,
            Err(DeliverError::Unknown(_)) => Kind::Unknown,
            Err(DeliverError::NotSent(_)) => Kind::NotSent,
        };
        let (recipients, reply) = match result {
            Ok(receipt) => (receipt.recipients(), number(receipt.reply())),
            Err(error) => (error.recipients(), None),
        };
        let fates = recipients.iter().map(Fate::of).collect();
        let transient = result.as_ref().err().map(DeliverError::is_transient);
        Self { message, kind, fates, transient, reply }
    }
}

/// Makes an error of what is not so.
macro_rules! hold {
    ($holds:expr, $($otherwise:tt)*) => {
        if !$holds {
            return Err(format!($($otherwise)*));
        }
    };
}

/// The server's answer to a message, as far as the client has received it.
enum Known<'e> {
    Nothing,
    Taken(usize),
    Refused(usize, &'e Entry),
}

impl Story {
    /// Checks everything that was told against what the server knows.
    pub(super) fn check(&self, bench: &Bench) -> Result<(), String> {
        if let Some(wrong) = &bench.server.wrong {
            return Err(wrong.clone());
        }
        let after = bench.written_after_end();
        hold!(after == 0, "{after} bytes were written after the end");
        check_arrived(bench)?;
        let mut times: BTreeMap<usize, usize> = BTreeMap::new();
        for report in &self.reports {
            *times.entry(report.message).or_default() += 1;
        }
        for message in &self.remaining {
            *times.entry(*message).or_default() += 1;
        }
        for (message, times) in times {
            hold!(times == 1, "message {message} was told of {times} times");
        }
        for report in &self.reports {
            self.check_report(report, bench)
                .map_err(|error| format!("{error} (message {}): {report:?}", report.message))?;
        }
        match &self.answered {
            Some(answered) => self.check_answer(answered, bench),
            None => Ok(()),
        }
    }

    fn check_report(&self, report: &Report, bench: &Bench) -> Result<(), String> {
        use Kind::{Lost, NotSent, Refused, Taken, Unknown};
        let has = |is: fn(&Fate) -> bool| report.fates.iter().any(|(_, fate)| is(fate));
        let delivered = has(|fate| *fate == Fate::Delivered);
        let unknown = has(|fate| *fate == Fate::Unknown);
        match report.kind {
            Taken => hold!(delivered, "it was taken for no recipient"),
            Unknown => hold!(unknown, "it is unknown for no recipient"),
            Refused => hold!(!delivered && !unknown, "it was not refused for all"),
            Lost | NotSent => hold!(!delivered && !unknown, "it may have been delivered"),
        }
        if matches!(report.kind, Lost | Unknown | NotSent) || unknown {
            hold!(self.lost, "the connection is intact");
        }
        Self::check_transient(report, bench)?;
        if report.message == BROKEN {
            hold!(report.kind == Refused, "nothing of it can be sent");
            return Ok(());
        }
        let told = report.fates.iter().map(|(rcpt, _)| rcpt);
        hold!(told.eq(recipients(report.message)), "those are not its recipients");
        if report.kind == NotSent {
            let came = bench.server.log.iter().find(|entry| {
                entry.verb == "MAIL" && entry.message == Some(report.message) && !entry.guarded
            });
            hold!(came.is_none(), "its MAIL has left");
        }
        if self.shift == Shift::All {
            return Ok(());
        }
        if let Some(number) = report.reply {
            let entry = bench.server.log.get(number);
            let fits = entry.is_some_and(|entry| {
                entry.verb == "END" && entry.message == Some(report.message) && entry.code < 400
            });
            hold!(fits, "its receipt has another reply: {entry:?}");
        }
        for (rcpt, fate) in &report.fates {
            self.check_fate(report, rcpt, fate, bench)
                .map_err(|error| format!("{rcpt} {error}"))?;
        }
        Ok(())
    }

    fn check_transient(report: &Report, bench: &Bench) -> Result<(), String> {
        let Some(transient) = report.transient else { return Ok(()) };
        // A source that fails does so again, whatever was said of recipients.
        let broken = bench.strike.is_some_and(|(_, what)| what == Injection::BodyError);
        let refused = |transient: bool| move |(_, fate): &(String, Fate)| matches!(fate, Fate::Refused { transient: is, .. } if *is == transient);
        match report.kind {
            Kind::Unknown => hold!(!transient, "it may be sent twice"),
            Kind::NotSent => hold!(transient, "it may be sent again"),
            Kind::Taken => {}
            Kind::Refused | Kind::Lost => {
                let any = report.fates.iter().any(refused(true));
                hold!(transient || !any || broken, "a recipient may be accepted later");
                let all = !report.fates.is_empty() && report.fates.iter().all(refused(false));
                hold!(!transient || !all, "each recipient was refused for good");
            }
        }
        Ok(())
    }

    fn check_fate(
        &self,
        report: &Report,
        rcpt: &str,
        fate: &Fate,
        bench: &Bench,
    ) -> Result<(), String> {
        let message = report.message;
        let has_it = || {
            bench.server.arrived.iter().any(|arrived| {
                arrived.taken
                    && arrived.message == message
                    && arrived.rcpts.iter().any(|named| named == rcpt)
            })
        };
        let was_named = || {
            let rcpts = bench.server.log.iter().filter(|entry| entry.verb == "RCPT");
            let whole = bench.server.arrived.iter().any(|arrived| arrived.message == message);
            whole && rcpts.into_iter().any(|entry| entry.rcpt.as_deref() == Some(rcpt))
        };
        let taken = has_it();
        match fate {
            Fate::Delivered => hold!(taken, "has not got it"),
            Fate::Unknown => hold!(was_named(), "cannot have got it: it has not left whole"),
            Fate::Refused { .. } | Fate::NotSent => hold!(!taken, "has got it"),
        }
        let doubted = *fate == Fate::Unknown && Self::may_be_miscounted(message, bench);
        if self.shift == Shift::Refusals || doubted {
            return Ok(());
        }
        if let Fate::Refused { number, command, transient } = fate {
            let refusal = (*number, *command, *transient);
            self.check_refusal(message, rcpt, refusal, bench)?;
        }
        match Self::known(message, rcpt, bench) {
            Known::Nothing => Ok(()),
            Known::Taken(number) => {
                hold!(*fate == Fate::Delivered, "was delivered by reply {number}");
                Ok(())
            }
            Known::Refused(by, entry) => {
                let is = matches!(fate, Fate::Refused { number, .. } if *number == Some(by));
                hold!(is, "was refused by reply {by}: {entry:?}");
                Ok(())
            }
        }
    }

    /// Whether the replies for the recipients of a message may have been one too few, as far as the
    /// client can tell: a command that left with it was not answered, or not so.
    fn may_be_miscounted(message: usize, bench: &Bench) -> bool {
        let Some((Place::Reply(number), what)) = bench.strike else {
            return false;
        };
        let log = &bench.server.log;
        let own = |entry: &Entry| entry.verb == "END" && entry.message == Some(message);
        let last = log.iter().rposition(|entry| own(entry) && entry.rcpt.is_some());
        let follows = last.is_some_and(|last| {
            last < number && log[last..number].iter().all(|entry| entry.verb != "DATA")
        });
        follows
            && what.shows_a_shift()
            && matches!(bench.mode, Mode::Lmtp | Mode::LmtpChunks | Mode::Prdr)
    }

    fn check_refusal(
        &self,
        message: usize,
        rcpt: &str,
        (number, command, transient): (Option<usize>, &str, bool),
        bench: &Bench,
    ) -> Result<(), String> {
        let what = bench.strike.map(|(_, what)| what);
        let Some(number) = number else {
            let local = matches!(what, Some(Injection::BodyError | Injection::SourceError));
            hold!(local, "was refused by no reply");
            return Ok(());
        };
        if number == NO_MESSAGE {
            // It closed the session between two chunks.
            let closes = what.and_then(Injection::refusal) == Some(421);
            hold!(
                closes && command == "end of data" && transient,
                "was refused by a reply to nothing"
            );
            return Ok(());
        }
        let Some(entry) = bench.server.log.get(number) else {
            return Err("was refused by a reply that there is not".into());
        };
        let verb = if entry.verb == "END" { "end of data" } else { entry.verb };
        let fits = entry.message == Some(message)
            && entry.code >= 400
            && verb == command
            && (verb != "RCPT" || entry.rcpt.as_deref() == Some(rcpt));
        hold!(fits, "was refused by the reply to something else: {entry:?}");
        hold!(transient == (entry.code / 100 == 4), "was refused with {}", entry.code);
        // The entries of a group are not sent again: each has its reply.
        let of_flight = entry.guarded && entry.struck.is_none() && !self.grouped;
        hold!(!of_flight, "was refused by what was said of the flight");
        Ok(())
    }

    /// The answer to a recipient, by the replies that the client has received.
    fn known<'e>(message: usize, rcpt: &str, bench: &'e Bench) -> Known<'e> {
        let mut known = Known::Nothing;
        let mut sender_refused = false;
        // Whether it is one of the transaction, and whether a chunk was refused.
        let (mut named, mut any_accepted, mut failed) = (false, false, false);
        let prdr = bench.mode == Mode::Prdr;
        let log = &bench.server.log;
        let last = log.iter().position(ends_it).map_or(log.len(), |last| last + 1);
        // A server that refuses RSET after a message and then MAIL has not looked at this one yet.
        let mut unseen = false;
        for (number, entry) in log[..last].iter().enumerate() {
            if entry.verb == "MAIL" {
                let before = number.checked_sub(1).and_then(|before| log.get(before));
                let reset_refused = |it: &Entry| it.verb == "RSET" && it.code >= 400;
                unseen = entry.code >= 400 && before.is_some_and(reset_refused);
            }
            if unseen || entry.message != Some(message) || entry.guarded || !is_heard(entry, bench)
            {
                continue;
            }
            let refused = entry.code >= 400;
            // A reply to the message for another recipient.
            if entry.verb == "END" && entry.rcpt.as_deref().is_some_and(|of| of != rcpt) {
                continue;
            }
            match entry.verb {
                "MAIL" => {
                    (named, any_accepted, failed) = (false, false, false);
                    sender_refused = refused;
                    if refused {
                        known = Known::Refused(number, entry);
                    }
                }
                "RCPT" => {
                    any_accepted |= !refused;
                    if entry.rcpt.as_deref() != Some(rcpt) {
                        continue;
                    }
                    named = !refused;
                    known = match (refused, sender_refused) {
                        (true, true) => known,
                        (true, false) if entry.code == 452 && any_accepted => Known::Nothing,
                        (true, false) => Known::Refused(number, entry),
                        (false, _) => Known::Nothing,
                    };
                }
                "DATA" | "XDATA" | "BDAT" | "END" if named && refused && !failed => {
                    failed = true;
                    known = Known::Refused(number, entry);
                }
                // It announces others, or the last of them decides.
                "END" if entry.code == 353 || (prdr && entry.rcpt.is_some()) => {}
                "END" if named && !failed => known = Known::Taken(number),
                _ => {}
            }
        }
        known
    }

    /// The answer to a command is the last that the server has said to it.
    fn check_answer(&self, answered: &Answered, bench: &Bench) -> Result<(), String> {
        if self.shift != Shift::None {
            return Ok(());
        }
        let log = bench.server.log.iter().enumerate().skip(self.first);
        let mut answer = None;
        for (number, entry) in log.filter(|(_, entry)| is_heard(entry, bench)) {
            let greets = entry.verb == "greeting" && entry.code < 400;
            if !(greets || matches!(entry.verb, "RSET" | "QUIT")) {
                answer = Some((number, entry));
            }
            if ends_it(entry) {
                break;
            }
        }
        let final_reply = answer.filter(|(_, entry)| !(300..400).contains(&entry.code));
        match (answered, final_reply) {
            (Answered::Yes(reply), Some((index, entry))) => {
                let own = reply.as_ref().is_none_or(|reply| number(reply) == Some(index));
                hold!(entry.code < 400 && own, "the answer is that to something else: {entry:?}");
            }
            (Answered::No(refusal), Some((index, entry))) => {
                let own = refusal.reply().and_then(number) == Some(index);
                hold!(entry.code >= 400 && own, "the refusal is another: {refusal:?}, {entry:?}");
                // A mechanism that has given up is refused by itself.
                let passes = entry.code / 100 == 4 && entry.verb != "*";
                let fits = refusal.is_transient() == passes || entry.verb == "*";
                hold!(fits, "refused with {}: {refusal:?}", entry.code);
                let quits = bench.server.log.last().is_some_and(|last| last.verb == "QUIT");
                hold!(quits == self.over || self.lost, "it is not ended with QUIT alone");
            }
            (Answered::No(refusal), None) => {
                let local = bench.strike.is_some_and(|(_, what)| what == Injection::SourceError);
                hold!(local && refusal.is_local(), "no reply has refused it: {refusal:?}");
            }
            (Answered::Lost(lost), _) => {
                hold!(self.lost, "the connection is intact");
                if let Some((index, entry)) = final_reply {
                    // EHLO was refused, and HELO was tried.
                    let own = lost.refusal().and_then(Refusal::reply).and_then(number);
                    hold!(own == Some(index), "the answer was forgotten: {entry:?}");
                }
            }
            (Answered::Yes(_), None) => return Err("no reply has accepted it".into()),
        }
        Ok(())
    }
}

/// Whether the client has received the reply as the answer to its command.
fn is_heard(entry: &Entry, bench: &Bench) -> bool {
    entry.said && entry.end <= bench.received && entry.struck.is_none_or(Injection::answers)
}

/// Whether the replies after this one are taken for others, or not read any more.
fn ends_it(entry: &Entry) -> bool {
    let reset_refused = entry.verb == "RSET" && entry.code >= 400 && !entry.overtakes;
    entry.struck == Some(Injection::Twice) || reset_refused
}

/// The server has taken the messages that were to be sent, once for each recipient.
fn check_arrived(bench: &Bench) -> Result<(), String> {
    let mut got: Vec<(usize, &str)> = Vec::new();
    for arrived in bench.server.arrived.iter().filter(|arrived| arrived.taken) {
        let message = arrived.message;
        hold!(
            content(message) == arrived.content,
            "another message was taken: {message}, {:?}",
            String::from_utf8_lossy(&arrived.content)
        );
        let own = recipients(message);
        for rcpt in &arrived.rcpts {
            hold!(own.contains(rcpt), "{rcpt} has got message {message}");
            let pair = (message, rcpt.as_str());
            hold!(!got.contains(&pair), "{rcpt} has got message {message} twice");
            got.push(pair);
        }
    }
    Ok(())
}
