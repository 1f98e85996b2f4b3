//! Commands that the library does not have, as a user would define them.

use smtp::auth::MechanismError;
use smtp::command::{CommandExchange, Response};
use smtp::{Reply, SmtpCommand};

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
pub struct FixedAnswer;

impl CommandExchange for FixedAnswer {
    fn answer(&mut self, _: usize, _: &Reply) -> Result<Response, MechanismError> {
        Ok(Response::Text("blue".to_owned()))
    }
}
