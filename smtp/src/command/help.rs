//! HELP: asks for advice.

use smtp_derive::SmtpCommand;
use smtp_grammar::SmtpString;

/// The command HELP.
///
/// ```text
/// help = "HELP" [ SP String ] CRLF      ; RFC 5321 §4.1.1.8
/// ```
#[derive(Debug, Clone, Default, SmtpCommand)]
#[smtp(verb = "HELP", accepts(2xx), valid_in(any), reply_lines = 1024)]
pub struct Help {
    topic: Option<SmtpString>,
}

impl Help {
    /// Asks for help in general.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for help on a topic, such as the name of a command.
    #[must_use]
    pub fn on(mut self, topic: impl Into<SmtpString>) -> Self {
        self.topic = Some(topic.into());
        self
    }
}
