//! A field that is no part of a reply.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    text: String,
}

fn main() {}
