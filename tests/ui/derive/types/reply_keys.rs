//! Many of them.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(key = "A")]
    keys: Vec<Nothing>,
}

fn main() {}
