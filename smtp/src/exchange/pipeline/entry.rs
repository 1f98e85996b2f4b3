//! The entries of a group: each makes its commands, and keeps the outcome of each.
//!
//! A group is a tuple of entries of different types. With one trait without type parameters, the
//! run of a group is compiled once, and not for each tuple.

use smtp_grammar::{Capabilities, Reply};

use super::outcome::{Message, NotSent, Outcome};
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::receipt::Receipt;
use crate::message::recipient::Recipient;
use crate::proto::command::{self, Command, CommandSpec};
use crate::proto::engine::{Engine, Outcome as Answer};
use crate::proto::line::Declared;

/// The effect of an accepted command on the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateEffect {
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

/// The result of queueing a command.
#[derive(Debug)]
pub(crate) enum Submitted {
    Queued(Declared),
    /// It cannot be written.
    Refused,
    /// There is no further command.
    Nothing,
}

/// An entry of a group, of any kind.
///
/// Each reply answers the oldest command that waits for one.
pub(crate) trait Entry<'a>: Send {
    fn effect(&self) -> StateEffect;
    fn spec(&self) -> CommandSpec;
    /// Queues the next command.
    fn submit(&mut self, engine: &mut Engine, capabilities: &Capabilities, utf8: bool)
    -> Submitted;
    /// Takes a reply. Returns whether it accepts the command.
    fn answer(&mut self, answer: Answer) -> bool;
    /// Everything that has no outcome yet gets this one: nothing of it was queued.
    fn skip(&mut self, why: NotSent);
    /// The oldest command that waits for a reply gets none. `left` says whether the command had
    /// left.
    fn lose(&mut self, left: bool);
    /// Why the last command was refused.
    fn refusal(&self) -> Option<Refusal>;
    /// The message of an entry that has one.
    fn content(&mut self) -> Option<&mut (dyn ContentEntry<'a> + 'a)> {
        None
    }
}

/// An entry that has a message.
pub(crate) trait ContentEntry<'a>: Send {
    /// The message itself, until it is taken.
    fn body(&self) -> Option<&Body<'a>>;
    fn body_mut(&mut self) -> Option<&mut Body<'a>>;
    fn take_body(&mut self) -> Option<Body<'a>>;
    /// Takes the result of the message.
    fn end(&mut self, outcome: Outcome<Receipt>);
    /// Takes the recipients of a message without a receipt.
    fn recipients(&mut self, recipients: Vec<Recipient>);
    /// Takes the reply to a final dot that was sent without the message.
    fn empty_message_reply(&mut self, reply: Reply);
}

/// An entry whose outcome has a type.
pub(crate) trait WithOutcome<'a, O>: Entry<'a> {
    fn outcome(self: Box<Self>) -> O;
    fn as_entry(&mut self) -> &mut (dyn Entry<'a> + 'a);
}

/// One command.
pub(crate) struct Single<C: Command> {
    effect: StateEffect,
    command: Option<C>,
    outcome: Option<Outcome<C::Reply>>,
}

impl<C: Command> Single<C> {
    pub(crate) fn new(effect: StateEffect, command: C) -> Self {
        Self { effect, command: Some(command), outcome: None }
    }
}

impl<C: Command + Send> Entry<'_> for Single<C>
where
    C::Reply: Send,
{
    fn effect(&self) -> StateEffect {
        self.effect
    }

    fn spec(&self) -> CommandSpec {
        C::SPEC
    }

    fn submit(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Submitted {
        let Some(command) = self.command.take() else {
            return Submitted::Nothing;
        };
        // A command that is answered with 3yz has the server wait for a line that no entry sends,
        // except where the content is that line (RFC 5321 §4.2.1).
        let checked = match self.effect {
            StateEffect::Content => C::SPEC.check_content(),
            _ => C::SPEC.check_alone(),
        };
        match checked.and_then(|()| engine.submit(&command, capabilities, utf8)) {
            Ok(declared) => Submitted::Queued(declared),
            Err(error) => {
                self.outcome = Some(Outcome::Refused(Refusal::encode(C::SPEC.verb, error)));
                Submitted::Refused
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> bool {
        // A reply of an unexpected form has accepted the command all the same: the code decides,
        // and never the text (RFC 5321 §4.2).
        let outcome = read::<C>(answer);
        let accepted = outcome.is_accepted();
        self.outcome = Some(outcome);
        accepted
    }

    fn skip(&mut self, why: NotSent) {
        // An outcome that is there was read from a reply, and stands.
        self.outcome.get_or_insert(Outcome::NotSent(why));
    }

    fn lose(&mut self, left: bool) {
        self.outcome.get_or_insert_with(|| lost(left));
    }

    fn refusal(&self) -> Option<Refusal> {
        self.outcome.as_ref().and_then(Outcome::refusal).cloned()
    }
}

impl<'a, C: Command + Send + 'a> WithOutcome<'a, Outcome<C::Reply>> for Single<C>
where
    C::Reply: Send + 'a,
{
    fn outcome(self: Box<Self>) -> Outcome<C::Reply> {
        self.outcome.unwrap_or(Outcome::Unknown)
    }

    fn as_entry(&mut self) -> &mut (dyn Entry<'a> + 'a) {
        self
    }
}

/// A command that opens content, and the content.
pub(crate) struct WithContent<'a, C: Command> {
    command: Single<C>,
    body: Option<Body<'a>>,
    end: Option<Outcome<Receipt>>,
    recipients: Vec<Recipient>,
    empty_message_reply: Option<Reply>,
}

impl<'a, C: Command> WithContent<'a, C> {
    pub(crate) fn new(command: C, body: Body<'a>) -> Self {
        let command = Single::new(StateEffect::Content, command);
        Self {
            command,
            body: Some(body),
            end: None,
            recipients: Vec::new(),
            empty_message_reply: None,
        }
    }
}

impl<'a, C: Command + Send + 'a> Entry<'a> for WithContent<'a, C>
where
    C::Reply: Send + 'a,
{
    fn effect(&self) -> StateEffect {
        StateEffect::Content
    }

    fn spec(&self) -> CommandSpec {
        C::SPEC
    }

    fn submit(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Submitted {
        self.command.submit(engine, capabilities, utf8)
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

    fn content(&mut self) -> Option<&mut (dyn ContentEntry<'a> + 'a)> {
        Some(self)
    }
}

impl<'a, C: Command + Send + 'a> ContentEntry<'a> for WithContent<'a, C>
where
    C::Reply: Send + 'a,
{
    fn body(&self) -> Option<&Body<'a>> {
        self.body.as_ref()
    }

    fn body_mut(&mut self) -> Option<&mut Body<'a>> {
        self.body.as_mut()
    }

    fn take_body(&mut self) -> Option<Body<'a>> {
        self.body.take()
    }

    fn end(&mut self, outcome: Outcome<Receipt>) {
        self.end.get_or_insert(outcome);
    }

    fn recipients(&mut self, recipients: Vec<Recipient>) {
        self.recipients = recipients;
    }

    fn empty_message_reply(&mut self, reply: Reply) {
        self.empty_message_reply = Some(reply);
    }
}

impl<'a, C: Command + Send + 'a> WithOutcome<'a, Message<C::Reply>> for WithContent<'a, C>
where
    C::Reply: Send + 'a,
{
    fn outcome(self: Box<Self>) -> Message<C::Reply> {
        Message {
            opening: self.command.outcome.unwrap_or(Outcome::Unknown),
            end: self.end.unwrap_or(Outcome::Unknown),
            recipients: self.recipients,
            empty_message_reply: self.empty_message_reply,
        }
    }

    fn as_entry(&mut self) -> &mut (dyn Entry<'a> + 'a) {
        self
    }
}

/// The outcome of a command that was answered.
pub(crate) fn read<C: Command>(answer: Answer) -> Outcome<C::Reply> {
    match answer {
        Answer::Accepted(reply) => match command::read::<C>(reply) {
            Ok(reply) => Outcome::Accepted(reply),
            Err(error) => Outcome::Unreadable(error),
        },
        Answer::Refused(reply) => Outcome::Refused(Refusal::by_server(C::SPEC.verb, reply)),
    }
}

/// The outcome of a command whose reply never came.
pub(crate) fn lost<T>(left: bool) -> Outcome<T> {
    // A command that has left may have been carried out, although its reply is lost (RFC 1047).
    if left { Outcome::Unknown } else { Outcome::NotSent(NotSent::Lost) }
}
