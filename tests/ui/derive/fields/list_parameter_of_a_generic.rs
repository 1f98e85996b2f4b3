//! The same, of a generic command.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command<T: std::fmt::Display>(#[smtp(param = "P")] Vec<T>);

fn main() {}
