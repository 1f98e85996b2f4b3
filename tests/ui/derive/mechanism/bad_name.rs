//! A name that no mechanism has.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "x-token", initial = "{0}")]
struct Token(String);

fn main() {}
