//! A verb with a character that no verb has.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X_A", valid_in(any))]
struct Command;

fn main() {}
