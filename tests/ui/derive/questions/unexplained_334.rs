//! A question that is not answered.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 334), valid_in(any))]
struct Command;

fn main() {}
