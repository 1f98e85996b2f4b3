//! Lines that nothing is read from.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
struct Answer(#[smtp(lines)] Vec<Nothing>);

fn main() {}
