//! Openers: one function opens and uses sessions of every kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smtp::connect::OpenSession;
use smtp::connection::AnyConnection;
use smtp::state::{Greeted, Idle};
use smtp::testing::CaptureServer;
use smtp::{Connection, Envelope, Error, Plain, Server, Submission, TlsConfig};

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// Sends two messages, each over a session of its own, in a task of its own.
async fn send_two<O, S>(opener: O)
where
    O: OpenSession<Session = Connection<S>> + 'static,
    S: Idle,
{
    let task = async move {
        for _ in 0..2 {
            let mut connection = opener.open_session().await.expect("a session");
            connection.deliver(&envelope(), "x\r\n").await.expect("delivered");
            connection.quit().await.expect("QUIT");
        }
    };
    tokio::spawn(task).await.expect("no panic");
}

/// An opener that a caller has written.
struct Counting {
    server: Server,
    opened: Arc<AtomicUsize>,
}

impl OpenSession for Counting {
    type Session = Connection<Greeted>;

    async fn open_session(&self) -> Result<Self::Session, Error> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.server.open_session().await
    }
}

#[tokio::test]
async fn each_kind_of_opener() {
    let capture = CaptureServer::builder().user("me", "secret").start().await.expect("a server");
    let roots = TlsConfig::builder().root_pem(capture.authority_pem());
    let tls = roots.build().expect("a configuration");
    let submission = Submission::new(capture.host()).port(capture.port()).tls(tls);
    let server = Server::new(capture.host(), capture.port());
    let opened = Arc::default();

    send_two(submission.clone().without_tls()).await;
    send_two(submission.clone()).await;
    send_two(submission.clone().auth_with(|| Plain::new("me", "secret"))).await;
    send_two(server.clone()).await;
    send_two(Counting { server: server.clone(), opened: Arc::clone(&opened) }).await;
    send_two(move || {
        let server = server.clone();
        async move { Connection::connect(&server).await }
    })
    .await;
    assert_eq!(opened.load(Ordering::Relaxed), 2);
    assert_eq!(capture.messages().len(), 12);

    let url = format!("smtp://{}:{}", capture.host(), capture.port());
    let named = Submission::from_url(&url).expect("a URL");
    let roots = TlsConfig::builder().root_pem(capture.authority_pem());
    let named = named.tls(roots.build().expect("a configuration"));
    let session = named.open_session().await.expect("a session");
    assert!(matches!(session, AnyConnection::Tls(_)));
}
