//! A part that no reply has.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(txt)]
    text: String,
}

fn main() {}
