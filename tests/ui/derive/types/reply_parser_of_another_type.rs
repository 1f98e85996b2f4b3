//! A parser for another type.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(text = smtp::parser::number)]
    number: String,
}

fn main() {}
