//! OTP and NTLM at Cyrus SASL, which answers at one of Postfix's ports, and NTLM at aiosmtpd with
//! pyspnego, which demands all that NTLM has.

use std::io::Write as _;

use smtp::auth::{Ntlm, Otp};
use smtp::extension::AuthMechanisms;
use smtp::state::Tls;
use smtp::{Connection, Error, Mechanism, Submission};

use super::server::Server;

/// Who logs in as the user of one-time passwords: each login counts down the number of the next.
pub(super) static OTP_USER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A server, and the port at which it offers the mechanism.
#[derive(Clone, Copy)]
struct Place {
    server: &'static Server,
    port: &'static str,
}

impl Place {
    /// The place, if the server offers the mechanism there.
    async fn find(name: &str, port: &'static str, mechanism: &str) -> Option<Self> {
        let place = Self { server: Server::get_started(name)?, port };
        let connection = place.secured().await;
        let offered = connection.capabilities().get::<AuthMechanisms>().unwrap_or_default();
        connection.quit().await.expect("QUIT");
        if !offered.has(mechanism) {
            // Not captured, unlike `println!`: a test that shows nothing must be seen to do so.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: the test of {mechanism} at {name}, which offers {offered:?} here \
                 (tests/servers/install.sh installs the plug-ins)"
            );
            return None;
        }
        Some(place)
    }

    async fn secured(self) -> Connection<Tls> {
        let submission = Submission::new("localhost").port(self.server.port(self.port));
        submission.tls(self.server.tls()).connect().await.expect("TLS")
    }

    async fn authenticate(self, mechanism: &mut dyn Mechanism) -> Result<(), Error> {
        let connection = self.secured().await.authenticate(mechanism).await?;
        connection.quit().await.expect("QUIT");
        Ok(())
    }

    async fn refuses(self, mechanism: &mut dyn Mechanism) {
        let error = self.authenticate(mechanism).await.expect_err("a wrong password");
        assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
    }
}

#[tokio::test]
async fn otp() {
    let Some(cyrus) = Place::find("postfix", "PORT_PLAINAUTH", "OTP").await else { return };
    let _alone = OTP_USER.lock().await;
    let (user, passphrase) = (cyrus.server.get("OTP_USER"), cyrus.server.get("OTP_PASSPHRASE"));
    let mut otp = Otp::new(user, passphrase);
    cyrus.authenticate(&mut otp).await.expect("a login");
    let first = otp.sequence().expect("a number");
    cyrus.authenticate(&mut otp).await.expect("the next login");
    assert_eq!(otp.sequence(), Some(first - 1), "each password is used once");

    cyrus.refuses(&mut Otp::new(user, "This is no test.")).await;

    let mut otp = otp.renew(100, "ot2289");
    cyrus.authenticate(&mut otp).await.expect("a login that starts a new sequence");
    assert_eq!(otp.sequence(), Some(first - 2), "a refused login uses none up");
    cyrus.authenticate(&mut otp).await.expect("a login with the new sequence");
    assert_eq!(otp.sequence(), Some(99));
    let mut few = Otp::new(user, passphrase).sequences(200..=499);
    let error = cyrus.authenticate(&mut few).await.expect_err("a number that is too low");
    assert!(error.to_string().contains("number 98, and 200 to 499 are allowed"), "{error}");
}

/// Cyrus SASL sends no `TargetInfo`, so there is no MIC. It hashes the bytes of UTF-8 as Latin-1, so
/// a password that is not ASCII never fits, and it hashes the domain in upper case.
#[tokio::test]
async fn ntlm_at_cyrus() {
    let Some(cyrus) = Place::find("postfix", "PORT_PLAINAUTH", "NTLM").await else { return };
    let (user, password) = (cyrus.server.user(), cyrus.server.get("SMTP_PASSWORD"));
    cyrus.authenticate(&mut Ntlm::new(user, password)).await.expect("a login");
    let mut named = Ntlm::new(user, password).domain("EXAMPLE").workstation("HERE");
    cyrus.authenticate(&mut named).await.expect("a login with a domain");
    cyrus.refuses(&mut Ntlm::new(user, "wrong")).await;
}

/// A server that tells its time, and checks the MIC, the channel binding and the service's name.
#[tokio::test]
async fn ntlm_at_pyspnego() {
    let Some(strict) = Place::find("aiosmtpd", "PORT_SUBMISSION", "NTLM").await else { return };
    for (user, password) in [("SMTP_USER", "SMTP_PASSWORD"), ("SMTP_USER2", "SMTP_PASSWORD2")] {
        let (user, password) = (strict.server.get(user), strict.server.get(password));
        strict.authenticate(&mut Ntlm::new(user, password)).await.expect("a login");
        let (name, _) = user.split_once('@').expect("an address");
        let mut named = Ntlm::new(format!("EXAMPLE\\{name}"), password).workstation("HERE");
        strict.authenticate(&mut named).await.expect("a login with a domain");
        strict.refuses(&mut Ntlm::new(user, "wrong")).await;
        strict.refuses(&mut Ntlm::new(name, password).domain("OTHER")).await;
        strict.refuses(&mut Ntlm::new(user, password).target_name("smtp/other.test")).await;
    }
}
