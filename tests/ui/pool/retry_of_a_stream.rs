//! A message that can be read only once is sent again.

use smtp::message::BodySource;
use smtp::{Body, Envelope};
use smtp_pool::Retry;

async fn program(
    retry: Retry,
    envelope: Envelope,
    source: impl BodySource + 'static,
) {
    let _ = retry.send(envelope, Body::stream(source)).await;
}

fn main() {}
