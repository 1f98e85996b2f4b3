//! A word that nothing is read from.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(word = 1)]
    word: Nothing,
}

fn main() {}
