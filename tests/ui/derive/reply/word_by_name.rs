//! A word by its name.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer(#[smtp(word = "first")] u8);

fn main() {}
