//! A key without a letter.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(key = "")]
    size: u8,
}

fn main() {}
