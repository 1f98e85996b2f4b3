//! A key of two words.

use smtp::SmtpReply;

#[derive(SmtpReply)]
enum Answer {
    #[smtp(code(250))]
    One(#[smtp(key = "THE SIZE")] u8),
}

fn main() {}
