//! Every state, and one more.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any, Tls))]
struct Command;

fn main() {}
