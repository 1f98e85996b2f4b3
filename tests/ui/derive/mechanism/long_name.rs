//! A name that is too long.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A-VERY-LONG-NAME-INDEED", initial = "{0}")]
struct Token(String);

fn main() {}
