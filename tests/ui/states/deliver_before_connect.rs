//! A submission that was not connected.

use smtp::{Envelope, Plain, Submission};

async fn send(envelope: Envelope) {
    let submission = Submission::new("mail.example.test").auth(Plain::new("me", "pencil"));
    submission.deliver(&envelope, "x").await;
}

fn main() {}
