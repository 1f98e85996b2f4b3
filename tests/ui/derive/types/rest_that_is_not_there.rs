//! The rest by a function that is not there.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), rest = Self::rest)]
struct Command(#[smtp(skip)] Nothing);

fn main() {}
