//! Something that is no code.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), accepts("250"))]
struct Command;

fn main() {}
