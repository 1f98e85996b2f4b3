//! An answer that is not in a list.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", respond = "{user}")]
struct Login {
    user: String,
}

fn main() {}
