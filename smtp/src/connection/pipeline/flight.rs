//! A group on its way: what may leave is queued, and each reply goes to whom it answers.
//!
//! Everything up to the command that opens content leaves in one flight (RFC 2920 §3.1); a server
//! without PIPELINING gets one command at a time. Then every reply is read before the content is
//! sent, and the content, its final dot and the commands behind it are the next flight.

use std::collections::VecDeque;

use smtp_grammar::{Capabilities, Reply};

use super::element::{Content, Edge, Element, Submitted};
use super::outcome::{NotSent, Outcome};
use super::track::{Passed, Track};
use crate::command::Rset;
use crate::connection::session::Session;
use crate::error::{Fault, Lost, Refusal};
use crate::proto::line::Declared;
use crate::proto::stage::Stage;
use crate::receipt::Receipt;

/// The members of a group, in their order.
pub(super) type Elements<'e> = [&'e mut dyn Element];

/// A group in flight.
pub(super) struct Flight<'s> {
    pub(super) session: &'s mut Session,
    pub(super) capabilities: &'s Capabilities,
    /// What waits for a reply, or for its turn among those.
    pub(super) awaited: VecDeque<Awaited>,
    /// Where the session is if everything in flight is accepted.
    pub(super) ahead: Track,
    /// Where it is.
    pub(super) real: Track,
    /// RSET must be said before the session can be used for anything else.
    pub(super) reset_due: bool,
    /// Why the session is not where it should be.
    pub(super) reason: Option<Refusal>,
    /// Whether the server waits for content; none when it was not asked.
    pub(super) opened: Option<bool>,
}

/// What waits for a reply.
#[derive(Clone, Copy)]
pub(super) struct Awaited {
    pub(super) element: usize,
    pub(super) edge: Edge,
    pub(super) due: Due,
    /// Where its line, or its message, ends in all that is queued.
    pub(super) end: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Due {
    /// The reply to a command.
    Reply(Declared),
    /// Nothing: the command did not leave.
    Nothing(Passed),
    /// The reply to a message.
    End,
    /// The reply to a final dot without a message.
    LoneDot,
    /// The reply to a RSET of ours.
    Reset,
}

/// Where a group has left the session.
pub(super) struct Landed {
    pub(super) track: Track,
    /// Why it is not where it should be.
    pub(super) reason: Option<Refusal>,
}

impl<'s> Flight<'s> {
    pub(super) fn new(
        session: &'s mut Session,
        capabilities: &'s Capabilities,
        start: Track,
    ) -> Self {
        let awaited = VecDeque::new();
        let (ahead, real) = (start, start);
        let (reset_due, reason, opened) = (false, None, None);
        Self { session, capabilities, awaited, ahead, real, reset_due, reason, opened }
    }

    /// Sends the group and reads its replies. Every member has its outcome then, also when the
    /// connection is lost.
    pub(super) async fn fly(mut self, elements: &mut Elements<'_>) -> Result<Landed, Lost> {
        match self.run(elements).await {
            Ok(()) => Ok(Landed { track: self.real, reason: self.reason }),
            Err(lost) => {
                self.lose(elements);
                Err(lost)
            }
        }
    }

    async fn run(&mut self, elements: &mut Elements<'_>) -> Result<(), Lost> {
        let mut behind_content = false;
        for index in 0..elements.len() {
            let edge = elements[index].edge();
            if std::mem::take(&mut behind_content) && edge != Edge::Quit {
                self.reset(elements).await?;
            }
            self.submit(index, elements).await?;
            if edge == Edge::Content {
                self.settle(elements).await?;
                self.send_content(index, elements).await?;
                behind_content = true;
            }
        }
        self.settle(elements).await?;
        let quits = elements.last().is_some_and(|element| element.edge() == Edge::Quit);
        if self.reset_due && !quits {
            let reason = self.reason.clone().unwrap_or_else(Refusal::no_recipients);
            self.session.abandon(reason, self.capabilities).await?;
            self.real.end_transaction();
        }
        Ok(())
    }

    /// Queues the commands of a member.
    async fn submit(&mut self, index: usize, elements: &mut Elements<'_>) -> Result<(), Lost> {
        let edge = elements[index].edge();
        let named = elements[index].spec().stage == Stage::Rcpt;
        loop {
            self.make_room(elements).await?;
            let element = &mut *elements[index];
            if let Some(why) = self.hinders(element) {
                element.skip(why);
                return self.pass_by(index, elements, Passed::Skipped).await;
            }
            let driver = &mut self.session.driver;
            let submitted = element.submit(driver, self.capabilities, self.ahead.declared.utf8);
            match submitted {
                Submitted::Queued(declared) => {
                    self.ahead.recipients += usize::from(named);
                    self.ahead.pass(edge, Passed::Accepted(declared));
                    self.expect(index, edge, Due::Reply(declared));
                    self.keep_step(elements).await?;
                }
                // Another recipient may do.
                Submitted::Refused if edge == Edge::Stay => {}
                Submitted::Refused => {
                    self.reason = element.refusal();
                    return self.pass_by(index, elements, Passed::Refused).await;
                }
                Submitted::Nothing => return Ok(()),
            }
        }
    }

    /// Why a member must not be sent, as far as can be seen by now.
    fn hinders(&self, element: &mut dyn Element) -> Option<NotSent> {
        let edge = element.edge();
        if self.ahead.astray.is_some() && edge != Edge::Quit {
            return Some(NotSent::BehindRefused);
        }
        if edge != Edge::Content {
            return None;
        }
        if self.ahead.recipients == 0 {
            return Some(NotSent::NoRecipients);
        }
        let content = element.content()?;
        let refusal = content.check(self.ahead.declared.eight_bit).err()?;
        content.end(Outcome::Refused(refusal));
        Some(NotSent::BehindRefused)
    }

    /// Goes past a member that does not leave, when its turn comes.
    async fn pass_by(
        &mut self,
        index: usize,
        elements: &mut Elements<'_>,
        passed: Passed,
    ) -> Result<(), Lost> {
        let edge = elements[index].edge();
        self.ahead.pass(edge, passed);
        self.expect(index, edge, Due::Nothing(passed));
        self.keep_step(elements).await
    }

    /// Sends the message that the server waits for, if anybody gets it. Every reply was read.
    async fn send_content(
        &mut self,
        index: usize,
        elements: &mut Elements<'_>,
    ) -> Result<(), Lost> {
        let opened = self.opened.take();
        let Some(content) = elements[index].content() else {
            return Ok(());
        };
        let (end, body, due) = match opened {
            None => {
                self.reset_due |= self.real.open;
                content.end(Outcome::NotSent(NotSent::BehindRefused));
                self.end_transaction();
                return Ok(());
            }
            Some(false) => {
                self.reset_due = true;
                content.end(Outcome::NotSent(NotSent::BehindRefused));
                self.end_transaction();
                return Ok(());
            }
            Some(true) => match self.forbids(content) {
                None => (None, content.take_body(), Due::End),
                // It gets an empty message for nobody (RFC 2920 §3.1), and RSET behind that.
                Some(end) => (Some(end), None, Due::LoneDot),
            },
        };
        let eight_bit = self.real.declared.eight_bit;
        let body = body.unwrap_or_else(|| EMPTY.into());
        let sent = self.session.send_content(body, None, eight_bit).await.map_err(Lost::from);
        self.end_transaction();
        if let Some(end) = end {
            self.reset_due = true;
            content.end(end);
        }
        if let Err(lost) = sent {
            content.end(unfinished(&lost));
            return Err(lost);
        }
        self.expect(index, Edge::Content, due);
        self.keep_step(elements).await
    }

    /// What becomes of a message that the server waits for and must not get.
    fn forbids(&self, content: &dyn Content) -> Option<Outcome<Receipt>> {
        if self.real.astray.is_some() {
            return Some(Outcome::NotSent(NotSent::BehindRefused));
        }
        if !self.real.is_ready() {
            return Some(Outcome::NotSent(NotSent::NoRecipients));
        }
        if self.real.declared == self.ahead.declared {
            return None;
        }
        // What was to allow its octets has been refused.
        content.check(self.real.declared.eight_bit).err().map(Outcome::Refused)
    }

    fn end_transaction(&mut self) {
        self.real.end_transaction();
        self.ahead = self.real;
    }

    /// Ends what a message may have left behind: a server that refuses a message may keep its
    /// transaction, and recipients of the next one must never join it.
    async fn reset(&mut self, elements: &mut Elements<'_>) -> Result<(), Lost> {
        if !self.reset_due && self.awaited.is_empty() {
            return Ok(());
        }
        self.reset_due = false;
        let driver = &mut self.session.driver;
        if driver.submit(&Rset, self.capabilities, false).is_err() {
            return Err(driver.fail(Fault::Ended).into());
        }
        self.expect(0, Edge::Stay, Due::Reset);
        self.keep_step(elements).await
    }

    fn expect(&mut self, element: usize, edge: Edge, due: Due) {
        let end = self.session.driver.engine().queued();
        self.awaited.push_back(Awaited { element, edge, due, end });
    }

    /// Waits for every reply if the server wants one command at a time.
    async fn keep_step(&mut self, elements: &mut Elements<'_>) -> Result<(), Lost> {
        if self.capabilities.has("PIPELINING") { Ok(()) } else { self.settle(elements).await }
    }
}

const EMPTY: &[u8] = b"";

/// What became of a message that did not leave whole.
fn unfinished(lost: &Lost) -> Outcome<Receipt> {
    match lost.reply() {
        Some(reply) => refused_message(reply.clone()),
        None => Outcome::NotSent(NotSent::Lost),
    }
}

pub(super) fn refused_message(reply: Reply) -> Outcome<Receipt> {
    Outcome::Refused(Refusal::by_server(Refusal::END_OF_DATA, reply))
}
