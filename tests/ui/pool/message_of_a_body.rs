//! A message as plain data, of a content that can be read only once.

use smtp::{Body, Envelope};
use smtp_pool::Message;

fn program(envelope: Envelope, body: Body<'static>) -> Message {
    Message::new(envelope, body)
}

fn main() {}
