//! A mechanism that sends nothing.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN")]
struct Token(String);

fn main() {}
