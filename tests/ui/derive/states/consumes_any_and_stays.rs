//! A session that ends anywhere, and goes on somewhere.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Authed), consumes(any))]
struct Command;

fn main() {}
