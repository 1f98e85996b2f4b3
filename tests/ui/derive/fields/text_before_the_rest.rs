//! More after free text.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), rest = Self::rest)]
struct Command(#[smtp(text)] String);

impl Command {
    fn rest(&self, _: &mut smtp::command::Line<'_>) {}
}

fn main() {}
