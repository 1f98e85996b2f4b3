//! A variant that no accepted reply is read into.

use smtp::{SmtpCommand, SmtpReply};

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250), reply = Answer, valid_in(any))]
struct Command;

#[derive(SmtpReply)]
enum Answer {
    #[smtp(code(250))]
    One,
    #[smtp(code(251))]
    Two,
}

fn main() {}
