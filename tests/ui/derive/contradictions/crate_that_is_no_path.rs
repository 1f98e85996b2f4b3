//! The crate as a type that is no path.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", crate = [u8; 1], valid_in(any))]
struct Command;

fn main() {}
