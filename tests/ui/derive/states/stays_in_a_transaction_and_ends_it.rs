//! A transaction that ends and goes on.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(InTransaction), transition(InTransaction => Idle))]
struct Command;

fn main() {}
