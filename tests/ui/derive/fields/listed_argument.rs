//! An argument that is no parameter.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", requires = "X-A", valid_in(any))]
struct Command {
    #[smtp(if_listed)]
    field: u8,
}

fn main() {}
