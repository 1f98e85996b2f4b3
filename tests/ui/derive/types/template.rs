//! A template of nothing.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{user}\0{token}")]
struct Login {
    user: String,
    token: Nothing,
}

fn main() {}
