//! The name that `Idle` had.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Home))]
struct A;

fn main() {}
