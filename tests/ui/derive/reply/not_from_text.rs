//! A type that no text is read into.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(text)]
    text: Vec<u8>,
}

fn main() {}
