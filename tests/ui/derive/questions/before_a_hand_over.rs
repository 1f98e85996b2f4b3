//! A question before the connection is taken over.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 334), consumes(Authed))]
struct Command;

fn main() {}
