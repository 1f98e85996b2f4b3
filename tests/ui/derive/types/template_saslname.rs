//! A name of nothing.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{0}")]
struct Login(#[smtp(saslname)] Nothing);

fn main() {}
