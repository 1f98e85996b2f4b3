//! No answer to any challenge.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", respond())]
struct Login;

fn main() {}
