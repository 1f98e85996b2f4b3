//! A code that is chosen by a field.

use smtp::SmtpReply;

#[derive(SmtpReply)]
struct Answer {
    #[smtp(code(250))]
    code: smtp::grammar::ReplyCode,
}

fn main() {}
