//! A value without a form that may be missing.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(Option<Nothing>);

fn main() {}
