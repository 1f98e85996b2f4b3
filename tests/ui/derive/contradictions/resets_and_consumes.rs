//! EHLO after the end of the session.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", consumes(Tls), resets)]
struct Command;

fn main() {}
