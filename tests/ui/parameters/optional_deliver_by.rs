//! A time of delivery, or else the message is returned, that may be left out.

use smtp::Envelope;
use smtp::extension::{DeliverBy, Optional};

fn program(envelope: Envelope, by: DeliverBy) -> Envelope {
    envelope.with(Optional(by))
}

fn main() {}
