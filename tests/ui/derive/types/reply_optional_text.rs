//! The same where it may be missing.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(text)]
    text: Option<Nothing>,
}

fn main() {}
