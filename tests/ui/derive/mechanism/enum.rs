//! A mechanism of several forms.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TOKEN", initial = "x")]
enum Token {
    One,
}

fn main() {}
