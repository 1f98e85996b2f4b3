//! `Submission`: real sockets, real TLS, a server in this process.

use smtp::connection::AnyConnection;
use smtp::error::Blame;
use smtp::testing::{CaptureServer, CaptureServerBuilder, Certificate};
use smtp::{
    Connection, DeliverError, Envelope, Error, Login, Plain, Server, Submission, TlsConfig,
};
use tests::error;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

async fn start(server: CaptureServerBuilder) -> (CaptureServer, Submission) {
    let server = server.user("me", "pencil").start().await.expect("a server");
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
    let submission = Submission::new(server.host()).tls(tls);
    (server, submission)
}

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org", "her@example.net"]).expect("addresses")
}

#[tokio::test]
async fn starttls_and_credentials() {
    let (server, submission) = start(CaptureServer::builder().require_auth()).await;
    let mut mail = submission
        .port(server.port())
        .auth(Plain::new("me", "pencil"))
        .connect()
        .await
        .expect("a login");
    let receipt = mail.deliver(&envelope(), ".\r\nGr\u{fc}\u{df}e\r\n").await.expect("delivered");
    mail.quit().await.expect("QUIT");
    let messages = server.wait_for(1).await;
    assert_eq!(messages[0].from, "me@example.com");
    assert_eq!(messages[0].recipients, ["you@example.org", "her@example.net"]);
    assert_eq!(messages[0].content, ".\r\nGr\u{fc}\u{df}e\r\n".as_bytes());
    assert_eq!(messages[0].mail_parameters, ["SIZE=12", "BODY=8BITMIME"]);
    assert_eq!(messages[0].user.as_deref(), Some("me"));
    assert_eq!(messages[0].client_name, "[127.0.0.1]");
    assert!(messages[0].tls);
    assert_eq!(receipt.queue_id().as_ref(), Some(&messages[0].queue_id));
}

#[tokio::test]
async fn implicit_tls_and_login() {
    let (server, submission) = start(CaptureServer::builder().implicit_tls()).await;
    let mail = submission
        .implicit_tls()
        .port(server.port())
        .auth(Login::new("me", "pencil"))
        .connect()
        .await
        .expect("a login");
    let mut mail = AnyConnection::from(mail);
    mail.deliver(&envelope(), "x").await.expect("delivered");
    assert!(Connection::<smtp::state::Tls>::try_from(mail).is_err(), "it is authenticated");
    assert_eq!(server.messages()[0].content, "x\r\n".as_bytes());
}

#[tokio::test]
async fn without_credentials_and_many_messages() {
    let (server, submission) = start(CaptureServer::builder()).await;
    let mut mail = submission.port(server.port()).connect().await.expect("TLS");
    let messages = (0..20).map(|number| (envelope(), format!("{number}\r\n")));
    let mut taken = 0;
    mail.deliver_all(messages, |_, result| taken += usize::from(result.is_ok()))
        .await
        .expect("the connection stays");
    assert_eq!(taken, 20);
    let contents: Vec<_> = server.messages().into_iter().map(|mail| mail.content).collect();
    let expected: Vec<_> = (0..20).map(|number| format!("{number}\r\n")).collect();
    assert_eq!(contents, expected);
}

#[tokio::test]
async fn a_refusal_is_blamed_on_the_server() {
    let server = CaptureServer::builder()
        .require_auth()
        .refuse_recipient("her@example.net", "550 5.1.1 no such user")
        .size_limit(100);
    let (server, submission) = start(server).await;
    let submission = submission.port(server.port());
    let wrong = submission.auth(Plain::new("me", "wrong")).connect().await;
    let error = error(wrong);
    assert_eq!(error.blame(), Blame::Server);
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535));

    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
    let mut mail = Submission::new(server.host())
        .tls(tls)
        .port(server.port())
        .auth(Plain::new("me", "pencil"))
        .connect()
        .await
        .expect("a login");
    let receipt = mail.deliver(&envelope(), "x").await.expect("for one of them");
    assert_eq!(receipt.accepted().count(), 1);
    let Err(DeliverError::Refused(undelivered)) = mail.deliver(&envelope(), "x".repeat(101)).await
    else {
        panic!("it is too large");
    };
    assert!(undelivered.refusal().is_local(), "SIZE said so beforehand");
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_credentials() {
    let (server, submission) = start(CaptureServer::builder().plaintext()).await;
    let result = submission.port(server.port()).auth(Plain::new("me", "pencil")).connect().await;
    assert!(matches!(error(result), Error::Refused(refusal) if refusal.is_local()));
    assert!(server.messages().is_empty());
}

/// A fall back to HELO does not help a caller who needs STARTTLS.
#[tokio::test]
async fn a_server_without_extensions_is_left_at_once() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let submission = Submission::new("127.0.0.1").port(port);
    let submission = submission.connect();
    let server = async {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        let mut said = String::new();
        stream.write_all(b"220 hi\r\n").await.expect("a reader");
        stream.read_line(&mut said).await.expect("a line");
        stream.write_all(b"502 what?\r\n").await.expect("a reader");
        stream.read_to_string(&mut said).await.expect("the end");
        said
    };
    let (result, said) = tokio::join!(submission, server);
    assert_eq!(error(result).reply().map(|reply| reply.code().value()), Some(502));
    assert_eq!(said, "EHLO [127.0.0.1]\r\nQUIT\r\n");
}

#[tokio::test]
async fn an_untrusted_server_gets_nothing() {
    let (server, _) = start(CaptureServer::builder()).await;
    let other = Certificate::new(&["localhost"]);
    let tls = TlsConfig::builder().root_pem(other.authority_pem()).build().expect("a root");
    let result = Submission::new("localhost").port(server.port()).tls(tls).connect().await;
    let error = error(result);
    assert_eq!(error.blame(), Blame::Server, "{error}");
}

#[tokio::test]
async fn a_session_that_is_not_verified_gets_no_secret() {
    let (server, submission) = start(CaptureServer::builder()).await;
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
    let submission = submission.port(server.port()).tls(tls);
    let result = submission.auth(Plain::new("me", "pencil")).connect().await;
    let error = error(result);
    assert!(error.to_string().contains("not verified"), "{error}");
}

/// The caller has opened the door; the session says that the server is not verified.
#[tokio::test]
async fn through_the_door_a_server_that_is_not_verified_gets_a_secret() {
    let builder = CaptureServer::builder().user("me", "pencil").require_auth();
    let (server, submission) = start(builder).await;
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
    let submission = submission.port(server.port()).tls(tls).dangerous();
    let once = submission.clone().auth(Plain::new("me", "pencil"));
    let often = submission.auth_with(|| Plain::new("me", "pencil"));
    for connected in [once.connect().await, often.connect().await] {
        let mail = connected.expect("a login");
        assert!(mail.security().is_some_and(|security| !security.verified));
        mail.quit().await.expect("QUIT");
    }
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_named() {
    // Bound and dropped: no server listens there now.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let result = Connection::connect(&Server::new("127.0.0.1", port)).await;
    let error = error(result);
    assert_eq!(error.blame(), Blame::Network);
    let text = error.to_string();
    assert!(text.contains("127.0.0.1") && text.contains(&port.to_string()), "{text}");
}

#[tokio::test]
async fn addresses_that_are_none_are_named() {
    let error =
        Envelope::new("me@example.com", ["you@example.org", "her@"]).expect_err("no address");
    assert_eq!(error.index(), Some(1));
    assert!(error.to_string().starts_with("recipient 2"), "{error}");
    let error = Envelope::new("me", ["you@example.org"]).expect_err("no address");
    assert_eq!(error.index(), None);
}

/// The caller's port stays, whatever the order of the two.
#[tokio::test]
async fn a_port_that_is_set_stays() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let submission = || Submission::new("127.0.0.1");
    for submission in
        [submission().port(port).implicit_tls(), submission().implicit_tls().port(port)]
    {
        let any = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
        let error = error(submission.tls(any).connect().await);
        let expected = format!("cannot connect to 127.0.0.1 port {port}: ");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
