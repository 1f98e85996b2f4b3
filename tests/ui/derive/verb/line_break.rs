//! A verb that would end its line.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A\r\nQUIT", valid_in(any))]
struct Command;

fn main() {}
