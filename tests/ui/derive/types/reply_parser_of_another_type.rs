//! A parser for another type.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(text = smtp::grammar::parser::number)]
    number: String,
}

fn main() {}
