//! A keyword that EHLO cannot list.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(if_offered = "X B")]
    field: u8,
}

fn main() {}
