//! A reply that cannot be read.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), reply = Nothing)]
struct Command(#[smtp(skip)] u8);

fn main() {}
