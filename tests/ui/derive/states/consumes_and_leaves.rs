//! A session that ends and leads somewhere.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Tls => Tls), consumes(Tls))]
struct Command;

fn main() {}
