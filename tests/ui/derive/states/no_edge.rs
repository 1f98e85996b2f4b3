//! A transition from nowhere to nowhere.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition())]
struct Command;

fn main() {}
