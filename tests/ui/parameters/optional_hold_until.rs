//! A time of release that may be left out.

use smtp::Envelope;
use smtp::extension::{HoldUntil, Optional};

fn program(envelope: Envelope, hold: HoldUntil) -> Envelope {
    envelope.with(Optional(hold))
}

fn main() {}
