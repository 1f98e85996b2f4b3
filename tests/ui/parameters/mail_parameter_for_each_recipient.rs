//! A parameter of MAIL that is given to each RCPT of an envelope.

use smtp::Envelope;
use smtp::extension::Ret;

fn program(envelope: Envelope) -> Envelope {
    envelope.with_each(&Ret::Headers)
}

fn main() {}
