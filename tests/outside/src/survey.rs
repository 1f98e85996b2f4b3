//! X-SURVEY: a vendor's command that asks back, line by line.

use smtp::auth::MechanismError;
use smtp::command::{CommandExchange, Response};
use smtp::{Reply, SmtpCommand, SmtpReply};

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-SURVEY", accepts(250, 350), reply = Thanks, converses, valid_in(Idle))]
pub struct Survey;

/// The server's result for the answers.
#[derive(Debug, PartialEq, Eq, SmtpReply)]
pub struct Thanks {
    #[smtp(key = "SCORE")]
    pub score: u32,
    #[smtp(key = "RANK")]
    pub rank: Option<u32>,
}

/// An answer to each question, by a word of it.
#[derive(Debug)]
pub struct Answers(pub &'static [(&'static str, &'static str)]);

impl CommandExchange for Answers {
    fn answer(&mut self, _: usize, question: &Reply) -> Result<Response, MechanismError> {
        let text = question.text();
        let known = self.0.iter().find(|(word, _)| text.contains(word));
        known
            .map(|(_, answer)| Response::Text((*answer).to_owned()))
            .ok_or_else(|| MechanismError::new("a question that nobody thought of"))
    }
}
