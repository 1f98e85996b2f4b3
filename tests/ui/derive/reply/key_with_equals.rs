//! A key with its `=`.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer(#[smtp(key = "SIZE=")] u8);

fn main() {}
