//! A reply without a line.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", reply_lines = 0, valid_in(any))]
struct Command;

fn main() {}
