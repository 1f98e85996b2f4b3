//! A refused authentication, as its mechanism learns of it, and what the mechanism does then.

use smtp_grammar::Reply;

use super::facts::Facts;

/// The server's refusal of AUTH, or of a response after it.
#[derive(Debug)]
pub struct RefusedAuth<'a> {
    reply: &'a Reply,
    challenges: usize,
    facts: &'a Facts<'a>,
}

impl<'a> RefusedAuth<'a> {
    /// This reply, after so many challenges, on a connection of which these are the facts.
    ///
    /// Connections make their own; this is for the tests of a mechanism.
    pub fn new(reply: &'a Reply, challenges: usize, facts: &'a Facts<'a>) -> Self {
        Self { reply, challenges, facts }
    }

    /// The reply, which is 4yz or 5yz.
    pub fn reply(&self) -> &'a Reply {
        self.reply
    }

    /// How many challenges the server sent before, the empty one that asks for an initial response
    /// included.
    pub fn challenges(&self) -> usize {
        self.challenges
    }

    /// The facts that the exchange has begun with.
    pub fn facts(&self) -> &'a Facts<'a> {
        self.facts
    }

    /// Whether the server does not know the mechanism: 504, or 500 to 502, before any challenge.
    pub fn is_of_mechanism(&self) -> bool {
        self.challenges == 0 && matches!(self.reply.code().value(), 500..=502 | 504)
    }
}

/// The answer of a mechanism to a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterRefusal {
    /// The refusal is the result.
    #[default]
    Stop,
    /// The refusal is the result, and its error says this too. It must not hold a secret.
    Explain(Box<str>),
    /// Another AUTH is sent on this connection: the exchange starts again with
    /// [`begin`](super::Mechanism::begin). A call does so 32 times at most.
    BeginAgain,
}
