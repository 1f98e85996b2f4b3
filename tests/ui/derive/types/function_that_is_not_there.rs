//! A function that is not there.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(with = hexx)] u8, #[smtp(skip)] Nothing);

fn main() {}
