//! A type that may be anything.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{0}")]
struct Login<T: Send>(T);

fn main() {}
