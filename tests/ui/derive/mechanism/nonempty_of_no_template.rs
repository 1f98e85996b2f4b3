//! A field that is not sent, and not empty.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{user}")]
struct Login {
    user: String,
    #[smtp(nonempty)]
    password: String,
}

fn main() {}
