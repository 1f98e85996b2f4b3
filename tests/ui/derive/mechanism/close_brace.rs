//! A brace that closes nothing.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{user}}")]
struct Login {
    user: String,
}

fn main() {}
