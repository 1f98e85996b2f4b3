//! Text that nothing is read from.

use smtp::SmtpReply;

struct Nothing;

#[derive(SmtpReply)]
struct Answer(#[smtp(text)] Nothing);

fn main() {}
