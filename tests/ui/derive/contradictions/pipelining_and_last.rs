//! Anywhere in a group, and last.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), pipelining, last)]
struct Command;

fn main() {}
