//! A parameter of RCPT that is given to MAIL.

use smtp::command::Mail;
use smtp::extension::Notify;

fn program(mail: Mail) -> Mail {
    mail.with(Notify::NEVER)
}

fn main() {}
