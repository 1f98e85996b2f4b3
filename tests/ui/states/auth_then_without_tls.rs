//! A submission with credentials that is to speak in clear.

use smtp::{Plain, Submission};

fn submit() {
    let submission = Submission::new("mail.example.test").auth(Plain::new("me", "pencil"));
    submission.without_tls();
}

fn main() {}
