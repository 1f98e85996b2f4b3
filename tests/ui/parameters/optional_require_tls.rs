//! REQUIRETLS that may be left out.

use smtp::command::Mail;
use smtp::extension::{Optional, RequireTls};

fn program(mail: Mail) -> Mail {
    mail.with(Optional(RequireTls))
}

fn main() {}
