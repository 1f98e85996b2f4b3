//! A parser that is a number.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(text = 5)]
    number: u32,
}

fn main() {}
