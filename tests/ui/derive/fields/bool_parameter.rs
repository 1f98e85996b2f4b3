//! A keyword that would be written with `true`.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(param = "REQUIRETLS")] bool);

fn main() {}
