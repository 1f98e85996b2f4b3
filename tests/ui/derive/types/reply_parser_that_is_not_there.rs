//! A parser that is not there.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer(#[smtp(text = parse)] u8);

fn main() {}
