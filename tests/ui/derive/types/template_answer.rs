//! An answer of nothing.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", respond("{0}"))]
struct Login(Nothing);

fn main() {}
