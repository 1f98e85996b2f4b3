//! X-EXPS: the command that Exchange servers send to each other instead of AUTH.

use smtp::auth::MechanismError;
use smtp::command::{CommandExchange, Response};
use smtp::{Reply, Secret, SmtpCommand};

#[derive(Debug, SmtpCommand)]
#[smtp(
    verb = "X-EXPS",
    requires = "X-EXPS",
    accepts(235, 334),
    stage = Auth,
    converses,
    transition(Tls => Authed)
)]
pub struct Exps {
    pub mechanism: &'static str,
    #[smtp(base64)]
    pub token: Secret,
}

/// Tokens of a security context, one for each round.
#[derive(Debug)]
pub struct Ticket(pub Vec<Secret>);

impl CommandExchange for Ticket {
    fn answer(&mut self, _: usize, _: &Reply) -> Result<Response, MechanismError> {
        let token = self.0.pop();
        token.map(Response::Base64).ok_or_else(|| MechanismError::new("the context is established"))
    }
}
