//! A field without bytes.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN", initial = "{0}")]
struct Token(u8);

fn main() {}
