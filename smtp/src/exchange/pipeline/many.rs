//! Many commands of one type, each with its own outcome.

use smtp_grammar::Capabilities;

use super::entry::{Entry, StateEffect, Submitted, WithOutcome, lost, read};
use super::outcome::{NotSent, Outcome};
use crate::error::refusal::Refusal;
use crate::proto::command::{Command, CommandSpec};
use crate::proto::engine::{Engine, Outcome as Answer};

/// Commands that are made one by one as there is room, so that a long list is never in memory as a
/// whole.
pub(crate) struct Many<I: Iterator<Item: Command>> {
    commands: I,
    /// One for each command that was made. [`Outcome::Unknown`] until its reply comes.
    outcomes: Vec<Outcome<<I::Item as Command>::Reply>>,
    /// Those before this one are final.
    oldest: usize,
}

impl<I: Iterator<Item: Command>> Many<I> {
    pub(crate) fn new(commands: I) -> Self {
        Self { commands, outcomes: Vec::new(), oldest: 0 }
    }

    /// Gives the oldest command that waits for a reply its outcome.
    fn settle(&mut self, outcome: Outcome<<I::Item as Command>::Reply>) {
        // Replies come in the order of the commands (RFC 2920 §3.2), so only those that could not
        // be written, and have their outcome already, are passed.
        let waits = |outcome: &Outcome<_>| matches!(outcome, Outcome::Unknown);
        let skipped = self.outcomes.iter().skip(self.oldest).position(waits).unwrap_or_default();
        if let Some(oldest) = self.outcomes.get_mut(self.oldest + skipped) {
            *oldest = outcome;
        }
        self.oldest += skipped + 1;
    }
}

impl<I> Entry<'_> for Many<I>
where
    I: Iterator<Item: Command<Reply: Send>> + Send,
{
    fn effect(&self) -> StateEffect {
        StateEffect::Stay
    }

    fn spec(&self) -> CommandSpec {
        I::Item::SPEC
    }

    fn submit(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Submitted {
        let Some(command) = self.commands.next() else {
            return Submitted::Nothing;
        };
        let checked = I::Item::SPEC.check_alone();
        match checked.and_then(|()| engine.submit(&command, capabilities, utf8)) {
            Ok(declared) => {
                self.outcomes.push(Outcome::Unknown);
                Submitted::Queued(declared)
            }
            // It keeps its index: the outcomes are in the order of the commands.
            Err(error) => {
                let refusal = Refusal::encode(I::Item::SPEC.verb, error);
                self.outcomes.push(Outcome::Refused(refusal));
                Submitted::Refused
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> bool {
        let outcome = read::<I::Item>(answer);
        let accepted = outcome.is_accepted();
        self.settle(outcome);
        accepted
    }

    fn skip(&mut self, why: NotSent) {
        // The caller matches outcomes to commands by index: each command needs one, sent or not.
        let rest = self.commands.by_ref().map(|_| Outcome::NotSent(why));
        self.outcomes.extend(rest);
    }

    fn lose(&mut self, left: bool) {
        self.settle(lost(left));
    }

    fn refusal(&self) -> Option<Refusal> {
        self.outcomes.last().and_then(Outcome::refusal).cloned()
    }
}

impl<'a, I> WithOutcome<'a, Vec<Outcome<<I::Item as Command>::Reply>>> for Many<I>
where
    I: Iterator<Item: Command<Reply: Send>> + Send + 'a,
{
    fn outcome(self: Box<Self>) -> Vec<Outcome<<I::Item as Command>::Reply>> {
        self.outcomes
    }

    fn as_entry(&mut self) -> &mut (dyn Entry<'a> + 'a) {
        self
    }
}
