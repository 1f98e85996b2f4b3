//! Credentials for a submission in clear.

use smtp::{Plain, Submission};

fn submit() {
    let submission = Submission::new("mail.example.test").without_tls();
    submission.auth(Plain::new("me", "pencil"));
}

fn main() {}
