//! An enum without a variant.

use smtp::SmtpReply;

#[derive(SmtpReply)]
enum Answer {}

fn main() {}
