//! A verb that ends in a space.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A ", valid_in(any))]
struct Command;

fn main() {}
