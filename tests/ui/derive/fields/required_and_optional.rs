//! An error and no error, where the server does not offer it.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "A", requires = "X-A", if_offered = "X-B")]
    field: u8,
}

fn main() {}
