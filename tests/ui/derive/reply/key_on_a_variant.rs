//! A key of a variant.

use smtp::SmtpReply;

#[derive(SmtpReply)]
enum Answer {
    #[smtp(code(250), key = "A")]
    One(u8),
}

fn main() {}
