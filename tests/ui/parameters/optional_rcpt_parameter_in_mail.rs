//! A parameter of RCPT that is given to MAIL, and may be left out.

use smtp::command::Mail;
use smtp::extension::{Notify, Optional};

fn program(mail: Mail) -> Mail {
    mail.with(Optional(Notify::NEVER))
}

fn main() {}
