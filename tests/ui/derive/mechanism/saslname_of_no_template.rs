//! A name that is not sent.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", respond("{0}"))]
struct Login(String, #[smtp(saslname)] String);

fn main() {}
