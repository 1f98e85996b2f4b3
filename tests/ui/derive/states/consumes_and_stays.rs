//! A session that ends and goes on.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Tls), consumes(Tls))]
struct Command;

fn main() {}
