//! Answers, or a message.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", content, converses)]
struct Command;

fn main() {}
