//! Authentication at real servers: each mechanism that the server offers, with the plain account
//! and with one whose password needs care in every mechanism.

use smtp::auth::{
    Anonymous, CramMd5, Credentials, DigestMd5, OAuthBearer, ScramSha1, ScramSha256, XOauth2,
};
use smtp::{Connection, Login, Mechanism, Plain};

use super::server::Server;

const SUBMISSION: &str = "PORT_SUBMISSION";

/// Authenticates inside TLS, with a mechanism that the server offers.
pub(super) async fn authenticates(server: &Server, port: &str, mechanism: &mut dyn Mechanism) {
    let name = server.get("SERVER");
    let connection = server.secured(port, server.tls()).await;
    let offered = connection.capabilities().get::<smtp::extension::AuthMechanisms>();
    let offered = offered.expect("AUTH is offered");
    assert!(offered.has(mechanism.name()), "{name} offers {offered:?}");
    let authenticated: Connection<_> =
        connection.authenticate(mechanism).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    authenticated.quit().await.expect("QUIT");
}

async fn through(name: &str) {
    let Some(server) = Server::get_started(name) else { return };
    for (user, password) in server.accounts() {
        let mut credentials = Credentials::password(user, password);
        let connection = server.secured(SUBMISSION, server.tls()).await;
        connection.authenticate(&mut credentials).await.expect("the strongest mechanism");
        assert!(credentials.name().starts_with("SCRAM-SHA-256"), "{credentials:?}");
        authenticates(server, SUBMISSION, &mut Plain::new(user, password)).await;
        authenticates(server, SUBMISSION, &mut Login::new(user, password)).await;
        authenticates(server, SUBMISSION, &mut CramMd5::new(user, password)).await;
        // Dovecot, which answers for Exim too, hashes UTF-8 in every case.
        authenticates(server, SUBMISSION, &mut DigestMd5::new(user, password).raw_utf8()).await;
        authenticates(server, SUBMISSION, &mut ScramSha1::new(user, password)).await;
        authenticates(server, SUBMISSION, &mut ScramSha256::new(user, password)).await;
    }
    let token = server.get("OAUTH_TOKEN");
    authenticates(server, SUBMISSION, &mut XOauth2::new(server.user(), token)).await;
    authenticates(server, SUBMISSION, &mut OAuthBearer::new(server.user(), token)).await;
    // Dovecot knows it, and does not list it for submission.
    if name == "exim" {
        authenticates(server, SUBMISSION, &mut Anonymous::new().trace("a test")).await;
    }

    let connection = server.secured(SUBMISSION, server.tls()).await;
    let mut stale = OAuthBearer::new(server.user(), server.get("OAUTH_TOKEN_EXPIRED"));
    let error = smtp::Error::from(connection.authenticate(&mut stale).await.expect_err("expired"));
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{name}: {error}");
    assert!(stale.server_error().is_some_and(|said| said.contains("status")), "{stale:?}");

    let connection = server.secured(SUBMISSION, server.tls()).await;
    let wrong = connection.authenticate(&mut ScramSha256::new(server.user(), "wrong")).await;
    let error = smtp::Error::from(wrong.expect_err("a wrong password"));
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{name}: {error}");
}

with_each_server!(through: dovecot exim);
