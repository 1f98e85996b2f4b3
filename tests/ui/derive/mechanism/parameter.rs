//! A parameter of a mechanism.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{user}")]
struct Login {
    #[smtp(param = "USER")]
    user: String,
}

fn main() {}
