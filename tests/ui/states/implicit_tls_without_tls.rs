//! A submission in clear that is to speak TLS from the first byte.

use smtp::Submission;

fn submit() {
    let _ = Submission::new("mail.example.test").without_tls().implicit_tls();
}

fn main() {}
