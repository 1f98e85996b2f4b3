//! Command exchanges: commands that the server answers with questions.
//!
//! A server answers such a command with 3yz and waits for a line, and does so again until it has
//! everything that it needs. AUTH is the best known one; its responses come from a
//! [`Mechanism`](crate::Mechanism).

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
    /// When there is no answer. SMTP has no way to say so, and the connection is closed.
    fn answer(&mut self, round: usize, reply: &Reply) -> Result<Response, MechanismError>;
}

/// The client's response to an intermediate reply.
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
