//! The replies to a group: each goes to the command that it answers, by counting.

use std::future::poll_fn;
use std::task::Poll;

use super::element::{Edge, lost};
use super::flight::{Awaited, Due, Elements, Flight, refused_message};
use super::outcome::{NotSent, Outcome};
use super::track::Passed;
use crate::error::{Fault, Lost, ProtocolError};
use crate::proto::engine::Outcome as Answer;
use crate::proto::stage::Stage;
use crate::receipt::Receipt;

/// Octets of commands that may wait to be written before more are made.
const ENOUGH: usize = 64 * 1024;

impl Flight<'_> {
    /// Reads every reply that is due.
    pub(super) async fn settle(&mut self, elements: &mut Elements<'_>) -> Result<(), Lost> {
        self.pass_unsent(elements);
        while !self.awaited.is_empty() {
            let answer = self.session.driver.reply().await;
            self.take(answer, elements)?;
        }
        Ok(())
    }

    /// Waits until more commands may be made, and reads the replies that come meanwhile. Nothing
    /// waits for a reply while there is something to be written.
    pub(super) async fn make_room(&mut self, elements: &mut Elements<'_>) -> Result<(), Lost> {
        if self.session.driver.engine().output().remaining() < ENOUGH {
            return Ok(());
        }
        loop {
            self.pass_unsent(elements);
            let driver = &mut self.session.driver;
            let answer = poll_fn(|cx| {
                if driver.engine().output().is_empty() {
                    return Poll::Ready(None);
                }
                match driver.poll_reply(cx) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending if driver.engine().output().is_empty() => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            });
            let Some(answer) = answer.await else {
                return Ok(());
            };
            self.take(answer, elements)?;
        }
    }

    /// Gives the oldest command its reply.
    fn take(
        &mut self,
        answer: Result<Answer, Fault>,
        elements: &mut Elements<'_>,
    ) -> Result<(), Lost> {
        let Some(awaited) = self.awaited.pop_front() else {
            return answer.map(drop).map_err(Lost::from);
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => {
                match &fault {
                    // 421 answers the command that it comes to, and says that no other will be
                    // answered (RFC 5321 §3.8).
                    Fault::Closing(reply) => {
                        self.give(awaited, Answer::Refused(reply.clone()), elements);
                    }
                    _ => self.awaited.push_front(awaited),
                }
                return Err(fault.into());
            }
        };
        if let (Due::Reset, Answer::Refused(reply)) = (awaited.due, &answer) {
            let fault = Fault::Closing(reply.clone());
            return Err(self.session.driver.fail(fault).into());
        }
        if let Answer::Accepted(reply) = &answer
            && reply.code().is_intermediate()
            && awaited.edge != Edge::Content
        {
            // It takes whatever stands behind the command for the answer to its question.
            let fault = Fault::Protocol(ProtocolError::Unexpected(reply.clone()));
            self.awaited.push_front(awaited);
            return Err(self.session.driver.fail(fault).into());
        }
        self.give(awaited, answer, elements);
        self.pass_unsent(elements);
        Ok(())
    }

    fn give(&mut self, awaited: Awaited, answer: Answer, elements: &mut Elements<'_>) {
        let element = &mut *elements[awaited.element];
        match awaited.due {
            Due::Reply(declared) => {
                let accepted = element.answer(answer);
                let named = accepted && element.spec().stage == Stage::Rcpt;
                self.real.recipients += usize::from(named);
                let passed = if accepted { Passed::Accepted(declared) } else { Passed::Refused };
                self.note(awaited, passed, elements);
            }
            Due::Nothing(passed) => self.note(awaited, passed, elements),
            Due::End => self.end_message(awaited, answer, elements),
            Due::LoneDot => {
                let (Answer::Accepted(reply) | Answer::Refused(reply)) = answer;
                if let Some(content) = element.content() {
                    content.lone_dot(reply);
                }
            }
            Due::Reset => {}
        }
    }

    fn end_message(&mut self, awaited: Awaited, answer: Answer, elements: &mut Elements<'_>) {
        let outcome = match answer {
            Answer::Accepted(reply) => Outcome::Accepted(Receipt::new(Vec::new(), reply)),
            Answer::Refused(reply) => refused_message(reply),
        };
        if let Some(refusal) = outcome.refusal() {
            // The transaction is over "on the completion of this command" (RFC 5321 §4.1.1.4), but
            // Postfix keeps it when a policy refuses the message. RSET leaves no doubt.
            self.reset_due = !self.next_is(|next| matches!(next.due, Due::Reset));
            self.reason = Some(refusal.clone());
        }
        if let Some(content) = elements[awaited.element].content() {
            content.end(outcome);
        }
    }

    /// Moves on along the group.
    fn note(&mut self, awaited: Awaited, passed: Passed, elements: &mut Elements<'_>) {
        let refused = passed == Passed::Refused;
        let element = &*elements[awaited.element];
        match awaited.edge {
            Edge::Open if refused => {
                // What was sent behind it should have been refused; RSET leaves no doubt.
                self.reset_due |= self.next_is(|next| {
                    matches!(next.due, Due::Reply(_)) && !matches!(next.edge, Edge::Open)
                });
                self.reason = element.refusal();
            }
            Edge::Close if refused => {
                self.reset_due = true;
                self.reason = element.refusal();
            }
            Edge::Close => self.reset_due &= passed == Passed::Skipped,
            Edge::Content => {
                let sent = matches!(awaited.due, Due::Reply(_));
                self.opened = sent.then_some(!refused);
                self.reason = element.refusal().or_else(|| self.reason.take());
            }
            Edge::Leave | Edge::Quit if refused => self.reason = element.refusal(),
            _ => {}
        }
        self.real.pass(awaited.edge, passed);
        if self.real.edges == self.ahead.edges {
            self.ahead.astray = self.real.astray;
        }
        if self.awaited.is_empty() {
            self.ahead = self.real;
        }
    }

    fn next_is(&self, test: impl Fn(&Awaited) -> bool) -> bool {
        self.awaited.front().is_some_and(test)
    }

    /// Passes by what did not leave and is next.
    fn pass_unsent(&mut self, elements: &mut Elements<'_>) {
        while let Some(&awaited) = self.awaited.front()
            && let Due::Nothing(passed) = awaited.due
        {
            self.awaited.pop_front();
            self.note(awaited, passed, elements);
        }
    }

    /// The connection is gone: everything that has no outcome yet gets one.
    pub(super) fn lose(&mut self, elements: &mut Elements<'_>) {
        for awaited in self.awaited.drain(..) {
            let left = self.session.driver.has_left(awaited.end);
            let element = &mut *elements[awaited.element];
            match awaited.due {
                Due::Reply(_) => element.lose(left),
                Due::End => {
                    if let Some(content) = element.content() {
                        content.end(lost(left));
                    }
                }
                _ => {}
            }
        }
        for element in elements {
            element.skip(NotSent::Lost);
        }
    }
}
