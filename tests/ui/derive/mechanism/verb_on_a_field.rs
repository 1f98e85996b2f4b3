//! A verb of a field.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{0}")]
struct Login(#[smtp(verb = "A")] String);

fn main() {}
