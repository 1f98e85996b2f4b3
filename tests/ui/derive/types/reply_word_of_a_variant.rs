//! The same in a variant.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
enum Answer {
    #[smtp(code(250))]
    One {
        #[smtp(word = 0)]
        word: Option<Nothing>,
    },
}

fn main() {}
