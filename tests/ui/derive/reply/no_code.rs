//! A variant for no reply.

use smtp::SmtpReply;

#[derive(SmtpReply)]
enum Answer {
    Yes,
}

fn main() {}
