//! A first message that is a number.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = 5)]
struct Login {
    user: String,
}

fn main() {}
