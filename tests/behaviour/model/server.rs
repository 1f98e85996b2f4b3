//! The model server: a small SMTP server that follows a [`Plan`] and keeps books.
//!
//! It shares no code with the client: it splits lines, reads arguments, counts chunks and removes
//! doubled dots by itself. Once its plan has ended the connection it says nothing and delivers
//! nothing, but still takes down what the client had written, because the client may believe that
//! the server got it.

mod commands;
mod content;
mod own_replies;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::case::Recipient;
use super::log::{Answered, Group, Log};
use super::plan::{Answer, Between, Cut, Moment, Plan};
use super::sabotage::Sabotage;
use super::wire::{End, ServerEnd};

/// A server at work.
#[derive(Debug)]
pub(super) struct Server {
    wire: ServerEnd,
    plan: Plan,
    /// From now on everything is accepted and nothing is cut.
    quiet: Arc<AtomicBool>,
    /// That was taken down.
    marked: bool,
    sabotage: Sabotage,
    log: Log,
    /// Bytes that were read and not used.
    input: VecDeque<u8>,
    /// Where the first of them stands in all that the client writes.
    offset: u64,
    transaction: Option<Transaction>,
    /// The client has begun a group and not given it up.
    in_group: bool,
    /// Commands that begin before this byte came before the reply to a final dot.
    suspect_before: u64,
    /// A RSET was answered with 503 for that reason.
    reset_suspected: bool,
    /// The connection is cut.
    ended: bool,
    /// The reply with which it was cut, until it is taken down.
    goodbye: Option<Answered>,
    /// Where the last reply ends in all that this server says.
    said: u64,
    /// How much of the content under way stands in the dialogue.
    taken_down: usize,
    /// How much the client had written before the last reply.
    written_before_reply: u64,
    counts: Counts,
}

/// How many of each there were, for the lists and the moments of the plan.
#[derive(Debug, Default)]
struct Counts {
    commands: usize,
    replies: usize,
    mail: usize,
    rcpt: usize,
    data: usize,
    chunk: usize,
    end: usize,
    own: usize,
    announced: usize,
    content: usize,
    messages: usize,
}

/// A transaction that the server has open.
#[derive(Debug, Default)]
struct Transaction {
    recipients: Vec<Recipient>,
    /// MAIL has asked for PRDR.
    prdr: bool,
    /// The content of the chunks that have come.
    content: Vec<u8>,
    chunked: bool,
    /// A chunk was refused, and so is what follows it (RFC 3030 §2).
    broken: bool,
}

/// A command, and where it begins in all that the client writes.
#[derive(Debug)]
struct Command {
    offset: u64,
    line: Vec<u8>,
}

impl Server {
    pub(super) fn new(
        wire: ServerEnd,
        plan: Plan,
        quiet: Arc<AtomicBool>,
        sabotage: Sabotage,
    ) -> Self {
        Self {
            wire,
            plan,
            quiet,
            marked: false,
            sabotage,
            log: Log::default(),
            input: VecDeque::new(),
            offset: 0,
            transaction: None,
            in_group: false,
            suspect_before: 0,
            reset_suspected: false,
            ended: false,
            goodbye: None,
            said: 0,
            taken_down: 0,
            written_before_reply: 0,
            counts: Counts::default(),
        }
    }

    /// Serves until the client has gone.
    pub(super) async fn serve(mut self) -> Log {
        self.say("220 mail.example.test ESMTP model\r\n").await;
        while let Some(command) = self.command().await {
            self.mark_quiet();
            self.log.client(&command.line, self.ended);
            self.obey(&command).await;
        }
        self.log.read = self.wire.read_by_client();
        self.log.unread = self.wire.unread();
        self.log.written_after_end = self.wire.written_after_end();
        self.log
    }

    /// The next line.
    async fn command(&mut self) -> Option<Command> {
        let offset = self.offset;
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(self.byte().await?);
        }
        if !line.ends_with(b"\r\n") {
            self.fault(format!("a command ends with LF alone: {}", line.escape_ascii()));
        }
        Some(Command { offset, line })
    }

    /// The next byte; none when the client has gone.
    async fn byte(&mut self) -> Option<u8> {
        if self.input.is_empty() {
            let bytes = self.wire.read(self.plan.pace.server_reads, self.ended).await?;
            self.input.extend(bytes);
        }
        self.offset += 1;
        self.input.pop_front()
    }

    /// Replies to a command.
    async fn reply(&mut self, code: u16, text: &str) -> Answered {
        if self.ended {
            return Answered::never();
        }
        let number = self.counts.replies;
        self.counts.replies += 1;
        let delay = self.plan.pace.delays.get(number).copied().unwrap_or_default();
        self.sleep(delay.into()).await;
        self.written_before_reply = self.wire.written();
        let reply = if self.plan.two_line_replies {
            format!("{code}-{text}\r\n{code} that is all\r\n")
        } else {
            format!("{code} {text}\r\n")
        };
        match self.upcoming_cut() {
            Some(Cut { at: Moment::Reply(at, bytes), .. }) if at == number => {
                let bytes = bytes.min(reply.len());
                self.say(&reply[..bytes]).await;
                self.end();
                if bytes < reply.len() {
                    return Answered::never();
                }
            }
            _ => {
                for _ in 0..self.sabotage.times(number, text) {
                    self.say(&reply).await;
                }
            }
        }
        Answered::said(code, self.said)
    }

    /// Replies as the plan says.
    async fn answer(&mut self, answer: Answer, accepted: &str) -> Answered {
        match answer {
            Answer::Yes => self.reply(250, accepted).await,
            Answer::No(code, false) => self.reply(code, "no").await,
            Answer::No(code, true) => self.reply(code, &format!("{} no", enhanced(code))).await,
        }
    }

    async fn say(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            for piece in line.as_bytes().chunks(self.plan.pace.server_says) {
                self.wire.write(piece).await;
                match self.plan.pace.between {
                    Between::Nothing => {}
                    Between::Response => tokio::task::yield_now().await,
                    Between::Moment => self.sleep(1).await,
                }
            }
            self.said += line.len() as u64;
            self.log.server(line.trim_end(), self.said);
        }
    }

    async fn sleep(&mut self, milliseconds: u64) {
        if milliseconds > 0 {
            self.log.slept += milliseconds;
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
    }

    /// The answer at `number` of a list of the plan.
    fn next(&self, list: &[Answer], number: usize) -> Answer {
        let answer = list.get(number).copied().filter(|_| !self.is_quiet());
        answer.unwrap_or(Answer::Yes)
    }

    fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Relaxed)
    }

    /// Takes down that the calls of the case are over.
    fn mark_quiet(&mut self) {
        if self.is_quiet() && !std::mem::replace(&mut self.marked, true) {
            self.log.event("the calls are over: NOOP, and a message more");
        }
    }

    fn upcoming_cut(&self) -> Option<Cut> {
        self.plan.cut.filter(|_| !self.ended && !self.is_quiet())
    }

    /// Cuts the connection, if this is the moment, with the last words of the plan.
    async fn maybe_cut(&mut self, moment: Moment) {
        let Some(cut) = self.upcoming_cut().filter(|cut| cut.at == moment) else {
            return;
        };
        if let Some(code) = cut.goodbye {
            self.say(&format!("{code} {} going down\r\n", enhanced(code))).await;
            let answer = Answered::said(code, self.said);
            self.goodbye = Some(answer);
            self.log.goodbye = Some(answer).filter(|_| code == 421);
        }
        self.end();
    }

    fn end(&mut self) {
        let Some(cut) = self.plan.cut else { return };
        self.log.event(match cut.how {
            End::Close | End::CloseDeaf => "close",
            End::Reset => "reset",
            End::ResetAndForget => "reset, and what had not been read is gone",
            End::Silence => "silence",
        });
        self.log.cut = true;
        self.ended = true;
        self.wire.end(cut.how);
    }

    /// The reply to the command at which the connection ended.
    fn last_words(&mut self) -> Answered {
        self.goodbye.take().unwrap_or(Answered::never())
    }

    /// The group under way.
    fn group(&mut self, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.log.groups.last_mut() {
            change(group);
        }
    }

    fn fault(&mut self, text: String) {
        self.log.fault(text);
    }
}

fn enhanced(code: u16) -> &'static str {
    match code {
        421 => "4.3.2",
        450 => "4.2.1",
        451 => "4.3.0",
        452 => "4.2.2",
        503 => "5.5.1",
        550 => "5.1.1",
        551 => "5.1.6",
        552 => "5.3.4",
        553 => "5.1.3",
        _ => "5.7.1",
    }
}
