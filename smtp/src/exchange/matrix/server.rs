//! A model server: it reads commands and content by itself, and knows what it took.
//!
//! It shares no code with the client, so that what it says of it is a second opinion. It answers in
//! the order in which it was asked, and does something else at one reply.

mod endings;

use std::fmt::Write as _;

use super::injection::{Ending, Injection};
use super::messages::number_of;
use super::nature::Nature;

/// The subject of the command of a reply.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) verb: &'static str,
    pub(super) message: Option<usize>,
    pub(super) rcpt: Option<String>,
    pub(super) code: u16,
    /// Bytes of the client before the reply was made.
    pub(super) at: u64,
    /// Bytes of the server up to its end.
    pub(super) end: u64,
    /// It was refused for having come with the end of a message, or could have been.
    pub(super) guarded: bool,
    /// It came before the reply to the one before it had left.
    pub(super) overtakes: bool,
    /// The fault that came instead.
    pub(super) struck: Option<Injection>,
    /// It was said.
    pub(super) said: bool,
}

/// A message that came whole.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    /// The message that MAIL has named, and the one that its content says it is.
    pub(super) message: usize,
    pub(super) rcpts: Vec<String>,
    pub(super) content: Vec<u8>,
    pub(super) taken: bool,
}

#[derive(Debug, PartialEq)]
enum Reading {
    Commands,
    Content,
    Chunk { left: usize, last: bool },
    Answers { verb: &'static str, round: usize },
}

/// The effect of an accepted command.
enum Effect {
    None,
    Open(usize),
    Name(String),
    Content,
    End,
    /// The end of a message, for one recipient.
    EndFor(String),
    /// A reply for each recipient follows, and then one that decides.
    Announce,
    /// The reply for one recipient, before the one that decides.
    Own(String),
    Chunk,
    Reset,
    Ask(&'static str, usize),
}

#[derive(Debug)]
pub(super) struct Server {
    nature: Nature,
    offers: &'static [&'static str],
    /// It is one of LMTP.
    lmtp: bool,
    /// MAIL has asked for PRDR, and the recipients that the message is taken for so far, once the
    /// server has announced their replies.
    prdr: bool,
    taken_for: Option<Vec<String>>,
    /// It does not know EHLO.
    pub(super) old: bool,
    /// The reply that is another.
    pub(super) strike: Option<(usize, Injection)>,
    line: Vec<u8>,
    reading: Reading,
    sender: Option<usize>,
    rcpts: Vec<String>,
    content: Vec<u8>,
    /// A chunk was refused: what follows it is too.
    failed: bool,
    /// The reply to a message of which not all has come.
    early: Option<u16>,
    /// The message that MAIL has named last, also in vain.
    last: Option<usize>,
    /// How often it was given something to read, and when a message has ended.
    batch: usize,
    ended_in: usize,
    /// Bytes that were read.
    pub(super) at: u64,
    pub(super) log: Vec<Entry>,
    pub(super) arrived: Vec<Arrived>,
    /// Where the content of messages has begun and ended.
    pub(super) contents: Vec<(u64, u64)>,
    /// Bytes that were not given to the client yet, and all that were ever said.
    pub(super) out: Vec<u8>,
    pub(super) said: u64,
    pub(super) ending: Option<Ending>,
    /// It has been struck: what it says goes nowhere, or it reads no more.
    mute: bool,
    deaf: bool,
    pub(super) struck: bool,
    /// The line that it repeats.
    pub(super) endless: Option<String>,
    /// The fault of the client, if it made one.
    pub(super) wrong: Option<String>,
}

impl Server {
    pub(super) fn new(nature: Nature, offers: &'static [&'static str], lmtp: bool) -> Self {
        Self {
            nature,
            offers,
            lmtp,
            prdr: false,
            taken_for: None,
            old: false,
            strike: None,
            line: Vec::new(),
            reading: Reading::Commands,
            sender: None,
            rcpts: Vec::new(),
            content: Vec::new(),
            failed: false,
            early: None,
            last: None,
            batch: 1,
            ended_in: usize::MAX,
            at: 0,
            log: Vec::new(),
            arrived: Vec::new(),
            contents: Vec::new(),
            out: Vec::new(),
            said: 0,
            ending: None,
            mute: false,
            deaf: false,
            struck: false,
            endless: None,
            wrong: None,
        }
    }

    pub(super) fn greet(&mut self) {
        self.answer("greeting", 220, Effect::None);
    }

    /// Reads what the client has written.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) {
        self.batch += 1;
        while !bytes.is_empty() && !self.deaf {
            if let Reading::Chunk { left, last } = &mut self.reading {
                let (part, last) = ((*left).min(bytes.len()), *last);
                *left -= part;
                let whole = *left == 0;
                self.content.extend_from_slice(&bytes[..part]);
                self.at += part as u64;
                bytes = &bytes[part..];
                if whole {
                    self.end_chunk(last);
                }
                continue;
            }
            let end = bytes.iter().position(|&byte| byte == b'\n').map(|end| end + 1);
            let part = end.unwrap_or(bytes.len());
            self.line.extend_from_slice(&bytes[..part]);
            self.at += part as u64;
            bytes = &bytes[part..];
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                self.read_line(&line);
            }
        }
    }

    fn read_line(&mut self, line: &[u8]) {
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return self.complain("a line without CRLF", line);
        };
        match self.reading {
            Reading::Content if line == b"." => {
                self.reading = Reading::Commands;
                if let Some(content) = self.contents.last_mut() {
                    content.1 = self.at;
                }
                let code = if self.rcpts.is_empty() { 554 } else { 250 };
                self.end_of_message(code);
            }
            Reading::Content => {
                self.content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
                self.content.extend_from_slice(b"\r\n");
            }
            Reading::Answers { verb, round } => {
                self.reading = Reading::Commands;
                match (verb, line, round) {
                    ("AUTH", b"*", _) => self.answer("*", 501, Effect::None),
                    ("AUTH", _, 1) => self.answer(verb, 334, Effect::Ask(verb, 2)),
                    ("AUTH", ..) => self.answer(verb, 235, Effect::None),
                    (_, _, 1) => self.answer(verb, 350, Effect::Ask(verb, 2)),
                    _ => self.answer(verb, 250, Effect::None),
                }
            }
            Reading::Commands | Reading::Chunk { .. } => self.read_command(line),
        }
    }

    fn read_command(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let verb = text.split(' ').next().unwrap_or_default();
        let path = text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let named = number_of(&path);
        let in_order = |fine: bool| if fine { 250 } else { 503 };
        match verb {
            "LHLO" if self.lmtp => self.answer("LHLO", 250, Effect::Reset),
            "EHLO" | "HELO" if self.lmtp => self.complain("no LHLO", line),
            "EHLO" if self.old => self.answer("EHLO", 502, Effect::Reset),
            "EHLO" => self.answer("EHLO", 250, Effect::Reset),
            "HELO" => self.answer("HELO", 250, Effect::Reset),
            "NOOP" => self.answer("NOOP", 250, Effect::None),
            "HELP" => self.answer("HELP", 214, Effect::None),
            "RSET" => self.answer("RSET", 250, Effect::Reset),
            "QUIT" => self.answer("QUIT", 221, Effect::None),
            "AUTH" => self.answer("AUTH", 334, Effect::Ask("AUTH", 1)),
            "XASK" => self.answer("XASK", 350, Effect::Ask("XASK", 1)),
            "MAIL" => {
                self.last = named;
                self.prdr = text.ends_with(" PRDR");
                let fine = self.sender.is_none();
                self.answer("MAIL", in_order(fine), Effect::Open(named.unwrap_or_default()));
            }
            "RCPT" => {
                let fine = self.has_sender();
                self.answer("RCPT", in_order(fine), Effect::Name(path));
            }
            "DATA" | "XDATA" => {
                let verb = if verb == "DATA" { "DATA" } else { "XDATA" };
                // One of LMTP must not (RFC 2033 §4.2).
                let asks = (self.nature.keeps() && !self.lmtp) || !self.rcpts.is_empty();
                let fine = self.has_sender() && asks;
                self.answer(verb, if fine { 354 } else { 503 }, Effect::Content);
            }
            "BDAT" => {
                let mut words = text.split(' ').skip(1);
                let left = words.next().and_then(|size| size.parse().ok());
                let Some(left) = left else { return self.complain("no size", line) };
                let last = words.next() == Some("LAST");
                self.contents.push((self.at, self.at + left as u64));
                self.reading = Reading::Chunk { left, last };
                if left == 0 {
                    self.end_chunk(last);
                }
            }
            _ => {
                self.complain("not a command", line);
                self.answer("?", 500, Effect::None);
            }
        }
    }

    fn has_sender(&self) -> bool {
        self.sender.is_some() || self.nature == Nature::Lax
    }

    /// Answers a command, of which `code` is what this server says without choosing.
    fn answer(&mut self, verb: &'static str, code: u16, effect: Effect) {
        let number = self.log.len();
        let rcpt = match &effect {
            Effect::Name(rcpt) | Effect::EndFor(rcpt) | Effect::Own(rcpt) => Some(rcpt.clone()),
            _ => None,
        };
        let digit = rcpt.as_deref().and_then(number_of);
        let about = matches!(verb, "MAIL" | "RCPT" | "DATA" | "XDATA" | "BDAT" | "END");
        let message = if about { digit.or(self.last) } else { None };
        let guarded = self.nature == Nature::Guards && self.ended_in == self.batch;
        let mut code = match self.nature.refusal(verb, message, rcpt.as_deref()) {
            Some(refused) if code < 400 => refused,
            _ if guarded => 503,
            _ => code,
        };
        let pipelining = self.offers.contains(&"PIPELINING");
        let overtakes =
            self.log.last().is_some_and(|last| last.end > self.said - self.waiting()) && !self.mute;
        if overtakes && !pipelining {
            self.complain("a command before the reply", verb.as_bytes());
        }
        let strike = self.strike.filter(|(place, _)| *place == number).map(|(_, what)| what);
        let usual = code;
        if let Some(refusal) = strike.and_then(Injection::refusal) {
            code = refusal;
        }
        let (said, ended) = (!self.mute, matches!(effect, Effect::End));
        self.apply(effect, code);
        // A line that is no reply is worse if it looks like a success.
        let as_it_is = strike.is_some_and(Injection::answers);
        let usual = if usual >= 400 && !as_it_is { positive(verb) } else { usual };
        self.record(verb, message, rcpt, code, guarded, overtakes, strike, said);
        match strike {
            Some(what) => self.strike(what, usual, number),
            None if said => {
                let text = self.text(verb, code, number);
                self.put(&text);
            }
            None => {}
        }
        if let Some(entry) = self.log.last_mut() {
            entry.end = self.said;
        }
        if ended {
            self.ended_in = self.batch;
        }
    }

    #[allow(clippy::too_many_arguments, reason = "each is a field")]
    fn record(
        &mut self,
        verb: &'static str,
        message: Option<usize>,
        rcpt: Option<String>,
        code: u16,
        guarded: bool,
        overtakes: bool,
        struck: Option<Injection>,
        said: bool,
    ) {
        let at = self.at;
        let entry =
            Entry { verb, message, rcpt, code, at, end: 0, guarded, overtakes, struck, said };
        self.log.push(entry);
    }

    fn apply(&mut self, effect: Effect, code: u16) {
        match effect {
            Effect::End => self.end_message(code),
            Effect::EndFor(rcpt) => {
                let message = self.sender.or(self.last).unwrap_or_default();
                let (rcpts, content) = (vec![rcpt], self.content.clone());
                self.arrived.push(Arrived { message, rcpts, content, taken: code < 400 });
            }
            Effect::Announce if code >= 400 => self.end_message(code),
            Effect::Announce => self.taken_for = Some(Vec::new()),
            Effect::Chunk if code >= 400 => self.failed = true,
            _ if code >= 400 => {}
            Effect::Own(rcpt) => self.taken_for.get_or_insert_default().push(rcpt),
            Effect::Open(message) => self.sender = Some(message),
            Effect::Name(rcpt) => self.rcpts.push(rcpt),
            Effect::Content => {
                self.reading = Reading::Content;
                self.contents.push((self.at, 0));
            }
            Effect::Reset => self.end_transaction(),
            Effect::Ask(verb, round) => self.reading = Reading::Answers { verb, round },
            Effect::Chunk | Effect::None => {}
        }
    }

    fn text(&self, verb: &str, code: u16, number: usize) -> String {
        if !matches!(verb, "EHLO" | "LHLO") || code >= 400 {
            return format!("{code} text #{number}\r\n");
        }
        let mut text = format!("{code}-mail.server.test #{number}\r\n");
        for offer in self.offers {
            let _ = write!(text, "{code}-{offer}\r\n");
        }
        text + &format!("{code} AUTH X-SLOW\r\n")
    }

    /// Says what is said instead of a reply, or although none is due.
    pub(super) fn strike(&mut self, what: Injection, usual: u16, number: usize) {
        self.struck = true;
        if matches!(what, Injection::BodyError | Injection::SourceError) {
            let text = format!("{usual} text #{number}\r\n");
            return self.put(&text);
        }
        let text = what.say(usual, number);
        self.put(&text);
        self.endless = (what == Injection::Endless).then_some(text);
        self.ending = what.ending();
        self.mute = !what.goes_on();
        // One that is not available takes nothing more.
        self.deaf = matches!(what, Injection::Unavailable | Injection::UnavailableThenEnd);
    }

    /// Says it although it has not got all of what it answers, or nothing was asked.
    pub(super) fn strike_unasked(&mut self, what: Injection) {
        let verb = match self.reading {
            Reading::Commands | Reading::Answers { .. } => {
                return self.strike(what, self.next_code(), NO_MESSAGE);
            }
            Reading::Chunk { last: false, .. } => "BDAT",
            Reading::Content | Reading::Chunk { .. } => "END",
        };
        let number = self.log.len();
        if let Some(code) = what.refusal() {
            // Of the last chunk each recipient has a reply.
            let last = matches!(self.reading, Reading::Chunk { last: true, .. });
            let rcpt = self.rcpts.first().filter(|_| last && self.lmtp).cloned();
            self.record(verb, self.last, rcpt, code, false, false, Some(what), true);
            self.early = (self.reading != Reading::Content).then_some(code);
        }
        self.strike(what, 250, number);
        if let Some(entry) = self.log.get_mut(number) {
            entry.end = self.said;
        }
    }

    /// The code that would accept the command whose line is not whole.
    fn next_code(&self) -> u16 {
        let line = String::from_utf8_lossy(&self.line);
        positive(line.split([' ', '\r']).next().unwrap_or_default())
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.said += text.len() as u64;
    }

    fn waiting(&self) -> u64 {
        self.out.len() as u64
    }

    /// A line of its endless reply.
    pub(super) fn refill(&mut self) {
        if let Some(text) = self.endless.clone() {
            self.put(&text);
        }
    }

    #[cold]
    fn complain(&mut self, what: &str, line: &[u8]) {
        // Replies after one that was sent twice are matched to other commands than the server
        // means.
        if !self.struck {
            let line = String::from_utf8_lossy(line);
            self.wrong.get_or_insert_with(|| format!("the client sent {what}: {line:?}"));
        }
    }
}

/// The number of a reply that answers no command.
pub(super) const NO_MESSAGE: usize = 999;

/// The code that accepts a command.
fn positive(verb: &str) -> u16 {
    match verb {
        "DATA" | "XDATA" => 354,
        "AUTH" => 334,
        "XASK" => 350,
        "HELP" => 214,
        "QUIT" => 221,
        "greeting" => 220,
        _ => 250,
    }
}
