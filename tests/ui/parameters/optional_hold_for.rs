//! A time to hold the message that may be left out.

use smtp::Envelope;
use smtp::extension::{HoldFor, Optional};

fn program(envelope: Envelope, hold: HoldFor) -> Envelope {
    envelope.with(Optional(hold))
}

fn main() {}
