//! A mark with a value.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{0}")]
struct Login(#[smtp(nonempty = 1)] String);

fn main() {}
