//! Exchanges: commands that go on for several rounds.
//!
//! A server answers such a command with 3yz and waits for a line, again and again, until it has
//! what it wants. AUTH is the one that everybody knows; what is said there is a
//! [`Mechanism`](crate::Mechanism)'s.

use smtp_grammar::Reply;

use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The client's side of an exchange.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold an exchange",
    label = "does not know what to answer",
    note = "implement `smtp::command::CommandExchange` for it: an answer to each intermediate reply"
)]
pub trait CommandExchange: Send {
    /// Answers an intermediate reply, the `round`-th, counted from 0.
    ///
    /// # Errors
    ///
    /// When there is no answer. There is no way to say so in SMTP, so the connection is closed.
    fn answer(&mut self, round: usize, reply: &Reply) -> Result<Response, MechanismError>;
}

/// What is said in an exchange.
#[derive(Debug)]
#[non_exhaustive]
pub enum Response {
    /// A line that is no secret, as it is: it is shown in traces, and sent to any server. A CR, a
    /// LF or a NUL in it closes the connection.
    Text(String),
    /// A line, as it is. A CR, a LF or a NUL in it closes the connection, and so does a server that
    /// is not verified, unless the call came through the door named `dangerous`.
    Line(Secret),
    /// Bytes, as a line of base64. They travel where a [`Line`](Self::Line) does.
    Base64(Secret),
}
