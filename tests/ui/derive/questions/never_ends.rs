//! Questions without an end.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(334), converses, valid_in(Idle))]
struct Command;

fn main() {}
