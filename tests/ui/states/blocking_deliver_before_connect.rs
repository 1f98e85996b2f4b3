//! A submission that was not connected, and whose calls block.

use smtp::blocking::Submission;
use smtp::{Envelope, Plain};

fn send(envelope: Envelope) {
    let submission = Submission::new("mail.example.test").auth(Plain::new("me", "pencil"));
    submission.deliver(&envelope, "x");
}

fn main() {}
