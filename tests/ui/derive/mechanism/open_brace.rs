//! A brace that is never closed.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN", initial = "{user")]
struct Token {
    user: String,
}

fn main() {}
