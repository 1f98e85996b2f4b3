//! Commands that the library does not have, as a user would define them.

use smtp::{Conversation, MechanismError, Reply, SmtpCommand, Turn};

/// Asks questions in return.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 350), converses, valid_in(Greeted), transition(Tls => Authed))]
pub struct Ask;

/// Takes the server back to its greeting.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-AGAIN", accepts(220), transition(Greeted => Greeted), resets)]
pub struct Again;

/// Answers every question alike.
#[derive(Debug)]
pub struct Blue;

impl Conversation for Blue {
    fn answer(&mut self, _: usize, _: &Reply) -> Result<Turn, MechanismError> {
        Ok(Turn::Text("blue".to_owned()))
    }
}
