//! One value, joined.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(join = ",")]
    field: u8,
}

fn main() {}
