//! A class of refusals that is read.

use smtp::{SmtpCommand, SmtpReply};

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", reply = Answer, valid_in(any))]
enum Command {
    One,
}

#[derive(SmtpReply)]
enum Answer {
    #[smtp(code(2xx))]
    One,
    #[smtp(code(5xx))]
    Two,
}

fn main() {}
