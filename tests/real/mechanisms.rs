//! Mechanisms that only some servers have: those of Cyrus SASL, at a port of Postfix, and the two
//! encodings of DIGEST-MD5.

use smtp::auth::{
    Anonymous, CramMd5, Credentials, DigestMd5, ScramSha1, ScramSha224, ScramSha256, ScramSha384,
    ScramSha512,
};
use smtp::{Error, Login, Mechanism, Plain};

use super::authenticate::authenticates;
use super::server::Server;

/// The port of Postfix at which Cyrus SASL answers, with and without TLS.
const CYRUS: &str = "PORT_PLAINAUTH";

#[tokio::test]
async fn of_cyrus() {
    let Some(server) = Server::get_started("postfix") else { return };
    for (user, password) in server.accounts() {
        let mut proofs: [Box<dyn Mechanism>; 7] = [
            Box::new(ScramSha1::new(user, password)),
            Box::new(ScramSha224::new(user, password)),
            Box::new(ScramSha256::new(user, password)),
            Box::new(ScramSha384::new(user, password)),
            Box::new(ScramSha512::new(user, password)),
            Box::new(CramMd5::new(user, password)),
            Box::new(DigestMd5::new(user, password)),
        ];
        for mechanism in &mut proofs {
            authenticates(server, CYRUS, mechanism.as_mut()).await;
        }
        authenticates(server, CYRUS, &mut Plain::new(user, password)).await;
        authenticates(server, CYRUS, &mut Login::new(user, password)).await;
        let mut credentials = Credentials::password(user, password);
        let connection = server.secured(CYRUS, server.tls()).await;
        connection.authenticate(&mut credentials).await.expect("the strongest mechanism");
        assert_eq!(credentials.name(), "SCRAM-SHA-512");

        // In clear the client tells the server that it cannot bind; inside TLS, that it could.
        let connection = server.relay(CYRUS).await.dangerous();
        let mut scram = ScramSha512::new(user, password);
        connection.authenticate(&mut scram).await.expect("a login in clear");
    }
    authenticates(server, CYRUS, &mut Anonymous::new().trace("a test")).await;
}

#[tokio::test]
async fn cyrus_refuses_a_wrong_password() {
    let Some(server) = Server::get_started("postfix") else { return };
    let user = server.user();
    let mut wrong: [Box<dyn Mechanism>; 5] = [
        Box::new(ScramSha224::new(user, "wrong")),
        Box::new(ScramSha384::new(user, "wrong")),
        Box::new(ScramSha512::new(user, "wrong")),
        Box::new(CramMd5::new(user, "wrong")),
        Box::new(DigestMd5::new(user, "wrong")),
    ];
    for mechanism in &mut wrong {
        let connection = server.secured(CYRUS, server.tls()).await;
        let refused = connection.authenticate(mechanism.as_mut()).await;
        let error = Error::from(refused.expect_err("a wrong password"));
        assert_eq!(code(&error), Some(535), "{}: {error}", mechanism.name());
    }
}

/// Which of its two encodings a server takes. The password of the second account holds a letter that
/// Latin-1 and UTF-8 write differently.
#[tokio::test]
async fn digest_md5_is_hashed_as_the_server_expects() {
    // By the standard in Latin-1, and in UTF-8 by `raw_utf8`.
    let table = [
        ("postfix", CYRUS, true, true),
        ("dovecot", "PORT_SUBMISSION", false, true),
        ("exim-gsasl", "PORT_SUBMISSION", true, false),
    ];
    for (name, port, latin1, utf8) in table {
        let Some(server) = Server::get_started(name) else { continue };
        let [_, (user, password)] = server.accounts();
        let digest = || DigestMd5::new(user, password);
        for (mut digest, is_right) in [(digest(), latin1), (digest().raw_utf8(), utf8)] {
            let connection = server.secured(port, server.tls()).await;
            let result = connection.authenticate(&mut digest).await.map_err(Error::from);
            let code = result.err().map(|error| code(&error));
            let expected = if is_right { None } else { Some(Some(535)) };
            assert_eq!(code, expected, "{name}: {digest:?}");
        }
    }
}

fn code(error: &Error) -> Option<u16> {
    error.reply().map(|reply| reply.code().value())
}
