//! An attribute that stands there twice.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), resets, resets)]
struct Command;

fn main() {}
