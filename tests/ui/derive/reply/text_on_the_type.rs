//! Text of the whole type.

use smtp::SmtpReply;

#[derive(SmtpReply)]
#[smtp(text)]
struct Answer(u8);

fn main() {}
