//! A parameter without a type of its own that may be left out.

use smtp::command::Mail;
use smtp::extension::{Optional, Parameter};

fn program(mail: Mail) -> Mail {
    mail.with(Optional(Parameter::flag("REQUIRETLS", "REQUIRETLS")))
}

fn main() {}
