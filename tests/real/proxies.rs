//! Each server through a proxy of each kind, and with the PROXY protocol.

use std::net::SocketAddr;

use smtp::transport::proxy::{HttpConnect, Socks4a, Socks5};
use smtp::transport::{Connect, ProxyProtocol};
use smtp::{Connection, Envelope, Plain, Server as Address, Submission};
use tests::{PROXY_PASSWORD, PROXY_USER, Speaks, TestProxy};

use super::mailbox_check;
use super::server::Server;

/// The mark of this test, and a message that names the way it took.
fn message(mark: &str, way: &str) -> String {
    format!(
        "X-First: {mark}\r\n\
         From: tester@example.test\r\n\
         Message-ID: <{way}@example.test>\r\n\
         Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n\
         Subject: {way}\r\n\
         \r\n\
         .through {way}\r\n"
    )
}

async fn through(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let user = server.user().to_owned();
    let envelope = Envelope::new(&user, [&user]).expect("the server's user");
    let mut sent = Vec::new();
    for speaks in [Speaks::Socks5, Speaks::Socks4a, Speaks::Http, Speaks::HttpWithGreeting] {
        let proxy = TestProxy::start(speaks).await;
        let port = proxy.port();
        for implicit in [false, true] {
            if implicit && speaks == Speaks::HttpWithGreeting {
                continue;
            }
            let (key, submission) = if implicit {
                ("PORT_SMTPS", Submission::new("localhost").implicit_tls())
            } else {
                ("PORT_SUBMISSION", Submission::new("localhost"))
            };
            let submission = submission.port(server.port(key));
            let submission = match speaks {
                Speaks::Socks5 => submission.connector(
                    Socks5::new("127.0.0.1", port).credentials(PROXY_USER, PROXY_PASSWORD),
                ),
                Speaks::Socks4a => submission.connector(Socks4a::new("127.0.0.1", port)),
                Speaks::Http | Speaks::HttpWithGreeting => submission.connector(
                    HttpConnect::new("127.0.0.1", port).credentials(PROXY_USER, PROXY_PASSWORD),
                ),
            };
            let mut mail = server.login(submission).await;
            let way = format!("{speaks:?}-{key}");
            let message = message("proxies", &way);
            mail.deliver(&envelope, message.as_str()).await.expect("delivered");
            mail.quit().await.expect("QUIT");
            sent.push(message.into_bytes());
            // The proxy had the name to look up.
            let last = proxy.asked().pop().expect("a destination");
            assert_eq!(last, format!("localhost:{}", server.port(key)), "{way}");
        }
    }
    sent.sort();
    let delivered = mailbox_check::wait_for(server, &user, "proxies", sent.len()).await;
    assert_eq!(delivered, sent);
}

with_each_server!(through);

/// A client that is not this one, and the service that it has reached.
fn client() -> (SocketAddr, SocketAddr) {
    (([192, 0, 2, 7], 40_000).into(), ([192, 0, 2, 25], 25).into())
}

async fn in_clear(server: &Server, connector: impl Connect, mark: &str, way: &str) -> Vec<u8> {
    let user = server.user().to_owned();
    let envelope = Envelope::new(&user, [&user]).expect("the server's user");
    let address = Address::new("localhost", server.port("PORT_PROXY")).connector(connector);
    let greeted = Connection::connect(&address).await.expect("a session");
    let mut mail = greeted.starttls(&server.tls()).await.expect("TLS");
    let message = message(mark, way);
    mail.deliver(&envelope, message.as_str()).await.expect("delivered");
    mail.quit().await.expect("QUIT");
    message.into_bytes()
}

#[tokio::test]
async fn postfix_takes_the_client_from_the_header() {
    let Some(server) = Server::get_started("postfix") else {
        return;
    };
    let ((source, destination), mark) = (client(), "proxy-header");
    let mut sent = Vec::new();
    for (version, name) in [(ProxyProtocol::v1(), "v1"), (ProxyProtocol::v2(), "v2")] {
        let named = version.clone().between(source, destination);
        sent.push(in_clear(server, named.clone(), mark, &format!("{name}-named")).await);
        sent.push(in_clear(server, version.clone(), mark, &format!("{name}-socket")).await);
        let unnamed = version.unnamed();
        if name == "v2" {
            sent.push(in_clear(server, unnamed, mark, "v2-unnamed").await);
        } else {
            // Postfix knows no UNKNOWN.
            let address = Address::new("localhost", server.port("PORT_PROXY")).connector(unnamed);
            let refused = Connection::connect(&address).await.expect_err("no session");
            assert_eq!(refused.reply().expect("its reply").code().to_string(), "421");
        }

        // Before the first byte of TLS, and through a proxy.
        let proxy = TestProxy::start(Speaks::Http).await;
        let connect = HttpConnect::new("127.0.0.1", proxy.port());
        let connect = connect.credentials(PROXY_USER, PROXY_PASSWORD);
        let submission = Submission::new("localhost")
            .implicit_tls()
            .port(server.port("PORT_PROXY_SMTPS"))
            .connector(named.connector(connect))
            .tls(server.tls())
            .auth(Plain::new(server.user(), server.get("SMTP_PASSWORD")));
        let mut mail = submission.connect().await.expect("a login");
        let envelope = Envelope::new(server.user(), [server.user()]).expect("the server's user");
        let message = message(mark, &format!("{name}-implicit"));
        mail.deliver(&envelope, message.as_str()).await.expect("delivered");
        mail.quit().await.expect("QUIT");
        sent.push(message.into_bytes());
    }
    sent.sort();
    let delivered = mailbox_check::wait_for(server, server.user(), mark, sent.len()).await;
    assert_eq!(delivered, sent);

    let log = std::fs::read_to_string(server.get("LOG")).expect("a log");
    for (service, client, times) in [
        ("postfix/proxy/", "192.0.2.7", 2),
        ("postfix/proxy/", "127.0.0.1", 4),
        ("postfix/proxysmtps/", "192.0.2.7", 2),
    ] {
        let from = format!(": connect from unknown[{client}]");
        let seen = log.lines().filter(|line| line.contains(service) && line.contains(&from));
        assert_eq!(seen.count(), times, "{service} {client}");
    }
}

#[tokio::test]
async fn nodemailer_takes_version_1() {
    let Some(server) = Server::get_started("nodemailer") else {
        return;
    };
    let ((source, destination), mark) = (client(), "proxy-header");
    let version = ProxyProtocol::v1();
    let named = version.clone().between(source, destination);
    let mut sent = vec![
        in_clear(server, named, mark, "named").await,
        in_clear(server, version, mark, "socket").await,
    ];
    sent.sort();
    let delivered = mailbox_check::wait_for(server, server.user(), mark, sent.len()).await;
    assert_eq!(delivered, sent);
}
