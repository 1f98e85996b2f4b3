//! A field that is two parts.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(text, code)]
    text: String,
}

fn main() {}
