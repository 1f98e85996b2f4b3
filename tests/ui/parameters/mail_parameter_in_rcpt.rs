//! A parameter of MAIL that is given to RCPT.

use smtp::command::Rcpt;
use smtp::extension::Ret;

fn program(rcpt: Rcpt) -> Rcpt {
    rcpt.with(Ret::Headers)
}

fn main() {}
