//! Commands before the message.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", content, pipelining)]
struct Command;

fn main() {}
