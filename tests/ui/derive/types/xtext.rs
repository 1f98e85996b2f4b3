//! Nothing as xtext.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(xtext)] Nothing);

fn main() {}
