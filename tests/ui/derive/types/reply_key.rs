//! A value that nothing is read from.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
struct Answer(#[smtp(key = "A")] Nothing);

fn main() {}
