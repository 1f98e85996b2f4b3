//! A reply that is a union.

use smtp::SmtpReply;

#[derive(SmtpReply)]
union Answer {
    code: u8,
}

fn main() {}
