//! Many of them, joined.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(join = ",")] Vec<Nothing>);

fn main() {}
