//! EXTERNAL: a server knows the client by the certificate that it shows in TLS.

use std::path::Path;

use smtp::auth::External;
use smtp::error::Blame;
use smtp::{Connection, Error, Submission, TlsConfig};

use super::server::Server;

/// Trusts the server's authority, and shows this certificate of the same folder.
fn shows(server: &Server, certificate: &str) -> TlsConfig {
    let folder = Path::new(server.get("CLIENT_CERT")).parent().expect("a folder");
    let read = |kind: &str| {
        std::fs::read(folder.join(certificate).with_extension(kind)).expect("a certificate")
    };
    let builder = TlsConfig::builder().root_pem(server.authority());
    builder.client_certificate_pem(read("pem"), read("key")).build().expect("a certificate")
}

async fn error(server: &Server, tls: TlsConfig, mut external: External) -> Error {
    let connection = server.secured("PORT_SUBMISSION", tls).await;
    connection.authenticate(&mut external).await.expect_err("no certificate of a user").into()
}

/// Logs in with a certificate that the server has verified.
pub(super) async fn logs_in(server: &Server) {
    let submission = Submission::new("localhost").port(server.port("PORT_SUBMISSION"));
    let submission = submission.tls(shows(server, "client")).auth(External::new());
    submission.connect().await.expect("a login").quit().await.expect("QUIT");
}

async fn through(name: &str) {
    let Some(server) = Server::get_started(name) else { return };
    for certificate in ["client", "client-ec"] {
        for external in [External::new(), External::new().acting_as(server.user())] {
            let submission = Submission::new("localhost").port(server.port("PORT_SUBMISSION"));
            let submission = submission.tls(shows(server, certificate)).auth(external);
            let connection = submission.connect().await.expect("a login");
            connection.quit().await.expect("QUIT");
        }
    }
    let submission = Submission::new("localhost").implicit_tls().port(server.port("PORT_SMTPS"));
    let submission = submission.tls(shows(server, "client")).auth(External::new());
    let connection: Connection<_> = submission.connect().await.expect("a login");
    connection.quit().await.expect("QUIT");

    // The certificate is of one user, who may not act as the other.
    let [_, (other, _)] = server.accounts();
    let tls = shows(server, "client");
    let error_of_other = error(server, tls, External::new().acting_as(other)).await;
    assert_eq!(code(&error_of_other), Some(535), "{name}: {error_of_other}");

    for tls in [server.tls(), shows(server, "client-untrusted")] {
        let error = error(server, tls, External::new()).await;
        assert_eq!(error.blame(), Blame::Server, "{name}: {error}");
        if name == "exim" {
            // It offers EXTERNAL to clients alone whose certificate it has verified.
            assert!(error.reply().is_none(), "{error}");
            assert!(error.to_string().contains("EXTERNAL"), "{error}");
        } else {
            assert_eq!(code(&error), Some(535), "{name}: {error}");
            assert!(error.to_string().contains("certificate"), "{error}");
        }
    }
}

fn code(error: &Error) -> Option<u16> {
    error.reply().map(|reply| reply.code().value())
}

with_each_server!(through: dovecot exim);
