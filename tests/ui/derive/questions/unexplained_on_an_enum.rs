//! A question that none of the forms answers.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 350), valid_in(Idle))]
enum Command {
    One,
    Two(u8),
}

fn main() {}
