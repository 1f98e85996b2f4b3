//! `Submission::without_tls`: clear text because the caller said so.

use smtp::state::Greeted;
use smtp::testing::CaptureServer;
use smtp::{Connection, Envelope, Plain, Submission};

#[tokio::test]
async fn the_mail_travels_in_clear() {
    let server = CaptureServer::builder().user("me", "pencil").start().await.expect("a server");
    let submission = Submission::new(server.host()).port(server.port()).without_tls();
    let mut mail: Connection<Greeted> = submission.connect().await.expect("a session");
    assert!(mail.capabilities().has("STARTTLS"), "offered, and not used");
    assert!(mail.security().is_none());
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    mail.deliver(&envelope, "x").await.expect("delivered");
    mail.quit().await.expect("QUIT");
    assert!(!server.wait_for(1).await[0].tls);
}

/// The door of the connection is the only one.
#[tokio::test]
async fn credentials_need_the_door() {
    let server = CaptureServer::builder().plaintext().user("me", "pencil");
    let server = server.start().await.expect("a server");
    let submission = Submission::new(server.host()).port(server.port()).without_tls();
    let mail = submission.connect().await.expect("a session");
    assert!(mail.capabilities().has("AUTH"), "the server takes them in clear");
    let authed = mail.dangerous().authenticate(&mut Plain::new("me", "pencil")).await;
    authed.expect("a login");
}

/// The port is that of submission again, unless the caller has set one.
#[tokio::test]
async fn implicit_tls_is_forgotten() {
    let server = CaptureServer::builder().start().await.expect("a server");
    let submission = Submission::new(server.host()).port(server.port());
    submission.implicit_tls().without_tls().connect().await.expect("a session in clear");
    let shown = format!("{:?}", Submission::new("mail.example.test").implicit_tls().without_tls());
    assert!(shown.contains("port: 587") && shown.contains("implicit: false"), "{shown}");
}
