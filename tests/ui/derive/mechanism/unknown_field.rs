//! A field that does not exist.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN", initial = "{usr}")]
struct Token {
    user: String,
}

fn main() {}
