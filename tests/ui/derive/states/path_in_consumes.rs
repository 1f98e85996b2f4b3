//! A state by its path, where the session ends.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", consumes(state::Tls))]
struct Command;

fn main() {}
