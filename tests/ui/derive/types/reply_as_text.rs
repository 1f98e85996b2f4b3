//! A reply as text.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer(#[smtp(reply)] String);

fn main() {}
