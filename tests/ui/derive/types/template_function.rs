//! A function that is not there.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = Self::first)]
struct Login(Nothing);

fn main() {}
