//! A parameter of many values.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "P")]
    field: Vec<u8>,
}

fn main() {}
