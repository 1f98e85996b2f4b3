//! A state that is named twice.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Tls, Idle))]
struct Command;

fn main() {}
