//! SMTPUTF8, which must not be left out.

use smtp::extension::{MayBeLeftOut, SmtpUtf8};

fn optional(_: impl MayBeLeftOut) {}

fn program() {
    optional(SmtpUtf8);
}

fn main() {}
