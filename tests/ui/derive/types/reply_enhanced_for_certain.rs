//! A code that may be missing.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(enhanced)]
    code: smtp::grammar::EnhancedStatusCode,
}

fn main() {}
