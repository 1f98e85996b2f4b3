//! Answers, or the end of the session.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 334), converses, consumes(Tls))]
struct Command;

fn main() {}
