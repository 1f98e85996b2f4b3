//! A type that may be anything.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer<T>(#[smtp(text)] T);

fn main() {}
