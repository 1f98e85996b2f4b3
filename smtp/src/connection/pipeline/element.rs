//! The members of a group: what they send, and what they keep of the replies.

use smtp_grammar::{Capabilities, Reply};

use super::outcome::{Message, NotSent, Outcome};
use crate::body::Body;
use crate::connection::message;
use crate::error::Refusal;
use crate::net::Driver;
use crate::proto::command::{Command, CommandSpec};
use crate::proto::engine::Outcome as Answer;
use crate::proto::line::Declared;
use crate::proto::reply::FromReply as _;
use crate::receipt::Receipt;

/// What an accepted command does to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It keeps the state.
    Stay,
    /// It opens a transaction.
    Open,
    /// It ends one without content.
    Close,
    /// It opens content, which ends the transaction.
    Content,
    /// It leads from between transactions to anywhere, as the last of its group.
    Leave,
    /// It ends the session.
    Quit,
}

/// What came of queueing a command.
#[derive(Debug)]
pub(super) enum Submitted {
    Queued(Declared),
    /// It cannot be written.
    Refused,
    /// There is no further command.
    Nothing,
}

/// A member of a group, whatever it is.
///
/// Each reply answers the oldest command that waits for one.
pub(super) trait Element: Send {
    fn edge(&self) -> Edge;
    fn spec(&self) -> CommandSpec;
    /// Queues the next command.
    fn submit(&mut self, driver: &mut Driver, capabilities: &Capabilities, utf8: bool)
    -> Submitted;
    /// Takes a reply. Returns whether it accepts the command.
    fn answer(&mut self, answer: Answer) -> bool;
    /// Everything that has no outcome yet gets this one: nothing of it was queued.
    fn skip(&mut self, why: NotSent);
    /// The oldest command that waits for a reply gets none. `left` says whether it had left.
    fn lose(&mut self, left: bool);
    /// Why the last command was refused.
    fn refusal(&self) -> Option<Refusal>;
    /// The message of a member that has one.
    fn content(&mut self) -> Option<&mut dyn Content> {
        None
    }
}

/// A member that has a message.
pub(super) trait Content: Send {
    /// Why the message cannot be sent, when it cannot.
    fn check(&self, eight_bit: bool) -> Result<(), Refusal>;
    /// The message itself, once.
    fn take_body(&mut self) -> Option<Body<'_>>;
    /// What became of it.
    fn end(&mut self, outcome: Outcome<Receipt>);
    /// What was said to a final dot without it.
    fn lone_dot(&mut self, reply: Reply);
}

/// A member whose outcome has a type.
pub(super) trait Typed<O>: Element {
    fn outcome(self: Box<Self>) -> O;
}

/// One command.
pub(super) struct One<C: Command> {
    edge: Edge,
    command: Option<C>,
    outcome: Option<Outcome<C::Reply>>,
}

impl<C: Command> One<C> {
    pub(super) fn new(edge: Edge, command: C) -> Self {
        Self { edge, command: Some(command), outcome: None }
    }
}

impl<C: Command + Send> Element for One<C>
where
    C::Reply: Send,
{
    fn edge(&self) -> Edge {
        self.edge
    }

    fn spec(&self) -> CommandSpec {
        C::SPEC
    }

    fn submit(
        &mut self,
        driver: &mut Driver,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Submitted {
        let Some(command) = self.command.take() else {
            return Submitted::Nothing;
        };
        match driver.submit(&command, capabilities, utf8) {
            Ok(declared) => Submitted::Queued(declared),
            Err(error) => {
                self.outcome = Some(Outcome::Refused(Refusal::encode(C::SPEC.verb, error)));
                Submitted::Refused
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> bool {
        let outcome = read::<C>(answer);
        let accepted = outcome.is_accepted();
        self.outcome = Some(outcome);
        accepted
    }

    fn skip(&mut self, why: NotSent) {
        self.outcome.get_or_insert(Outcome::NotSent(why));
    }

    fn lose(&mut self, left: bool) {
        self.outcome.get_or_insert_with(|| lost(left));
    }

    fn refusal(&self) -> Option<Refusal> {
        self.outcome.as_ref().and_then(Outcome::refusal).cloned()
    }
}

impl<C: Command + Send> Typed<Outcome<C::Reply>> for One<C>
where
    C::Reply: Send,
{
    fn outcome(self: Box<Self>) -> Outcome<C::Reply> {
        self.outcome.unwrap_or(Outcome::Unknown)
    }
}

/// What opens content, and the content.
pub(super) struct Opening<'a, C: Command> {
    command: One<C>,
    body: Option<Body<'a>>,
    end: Option<Outcome<Receipt>>,
    lone_dot: Option<Reply>,
}

impl<'a, C: Command> Opening<'a, C> {
    pub(super) fn new(command: C, body: Body<'a>) -> Self {
        let command = One::new(Edge::Content, command);
        Self { command, body: Some(body), end: None, lone_dot: None }
    }
}

impl<C: Command + Send> Element for Opening<'_, C>
where
    C::Reply: Send,
{
    fn edge(&self) -> Edge {
        Edge::Content
    }

    fn spec(&self) -> CommandSpec {
        C::SPEC
    }

    fn submit(
        &mut self,
        driver: &mut Driver,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Submitted {
        self.command.submit(driver, capabilities, utf8)
    }

    fn answer(&mut self, answer: Answer) -> bool {
        self.command.answer(answer)
    }

    fn skip(&mut self, why: NotSent) {
        self.command.skip(why);
        self.end.get_or_insert(Outcome::NotSent(why));
    }

    fn lose(&mut self, left: bool) {
        self.command.lose(left);
    }

    fn refusal(&self) -> Option<Refusal> {
        self.command.refusal()
    }

    fn content(&mut self) -> Option<&mut dyn Content> {
        Some(self)
    }
}

impl<C: Command + Send> Content for Opening<'_, C>
where
    C::Reply: Send,
{
    fn check(&self, eight_bit: bool) -> Result<(), Refusal> {
        self.body.as_ref().map_or(Ok(()), |body| message::check(body, eight_bit).map(|_| ()))
    }

    fn take_body(&mut self) -> Option<Body<'_>> {
        self.body.take()
    }

    fn end(&mut self, outcome: Outcome<Receipt>) {
        self.end.get_or_insert(outcome);
    }

    fn lone_dot(&mut self, reply: Reply) {
        self.lone_dot = Some(reply);
    }
}

impl<C: Command + Send> Typed<Message<C::Reply>> for Opening<'_, C>
where
    C::Reply: Send,
{
    fn outcome(self: Box<Self>) -> Message<C::Reply> {
        Message {
            opening: self.command.outcome.unwrap_or(Outcome::Unknown),
            end: self.end.unwrap_or(Outcome::Unknown),
            lone_dot: self.lone_dot,
        }
    }
}

/// What a reply says to a command.
pub(super) fn read<C: Command>(answer: Answer) -> Outcome<C::Reply> {
    match answer {
        Answer::Accepted(reply) => match C::Reply::from_reply(reply) {
            Ok(reply) => Outcome::Accepted(reply),
            Err(error) => Outcome::Unreadable(error),
        },
        Answer::Refused(reply) => Outcome::Refused(Refusal::by_server(C::SPEC.verb, reply)),
    }
}

/// The outcome of a command whose reply never came.
pub(super) fn lost<T>(left: bool) -> Outcome<T> {
    if left { Outcome::Unknown } else { Outcome::NotSent(NotSent::Lost) }
}
