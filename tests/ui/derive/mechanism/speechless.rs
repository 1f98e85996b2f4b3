//! A mechanism with nothing to say.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN")]
struct Token(String);

fn main() {}
