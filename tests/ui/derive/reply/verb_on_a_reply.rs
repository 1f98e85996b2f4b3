//! A verb of a reply.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(verb = "X-A")]
    text: String,
}

fn main() {}
