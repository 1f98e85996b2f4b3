//! A state by its path.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(smtp::state::Tls))]
struct Command;

fn main() {}
