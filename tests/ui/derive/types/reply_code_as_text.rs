//! A code as text.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(code)]
    code: String,
}

fn main() {}
