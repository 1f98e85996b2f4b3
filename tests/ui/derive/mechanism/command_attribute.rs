//! An attribute of commands.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN", initial = "{0}", verb = "X-TOKEN")]
struct Token(String);

fn main() {}
