//! A type that may be anything.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command<T>(T);

fn main() {}
