//! A verb of nothing.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "", valid_in(any))]
struct Command;

fn main() {}
