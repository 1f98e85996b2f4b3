//! Commands before the EHLO that is due.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Tls => Tls), resets, pipelining)]
struct Command;

fn main() {}
