//! Lines in one string.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(lines)]
    lines: String,
}

fn main() {}
