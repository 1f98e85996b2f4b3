//! A reply that asks for a message, and no message.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(354), valid_in(InTransaction))]
struct Command;

fn main() {}
