//! A code of two variants.

use smtp::SmtpReply;

#[derive(SmtpReply)]
enum Answer {
    #[smtp(code(250))]
    Yes,
    #[smtp(code(250, 251))]
    Too,
}

fn main() {}
