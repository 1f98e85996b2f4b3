//! The same, not empty.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", respond("{user}"))]
struct Login {
    #[smtp(nonempty)]
    user: Nothing,
}

fn main() {}
