//! A parameter that two fields write.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "SIZE")]
    one: u8,
    #[smtp(param = "size")]
    two: u8,
}

fn main() {}
