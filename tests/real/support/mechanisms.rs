//! A login with the mechanism of a row.

use tests::support::{MechanismRow, Witness};

use super::super::authenticate::authenticates;
use super::super::server::Server;
use super::super::{external, ntlm_otp};

/// Logs in with the mechanism, which the server offers.
pub(super) async fn logs_in(server: &Server, witness: Witness, row: &MechanismRow) {
    if row.is_kerberos() {
        // The tests of the feature `gssapi` have a KDC, and go through these rows themselves.
        return;
    }
    let make = row.make.expect("a mechanism");
    let (mut user, mut secret) = (server.user(), server.get("SMTP_PASSWORD"));
    if matches!(row.name, "XOAUTH2" | "OAUTHBEARER") {
        secret = server.get("OAUTH_TOKEN");
    }
    // Where the witness answers.
    let port = match (witness, row.name) {
        (Witness::CyrusSasl, _) => "PORT_PLAINAUTH",
        (_, "EXTERNAL") => return external::logs_in(server).await,
        // Its submission service knows it and does not list it; Exim hands it the exchange.
        (Witness::Dovecot, "ANONYMOUS") => {
            let Some(exim) = Server::get_started("exim") else { return };
            return authenticates(exim, "PORT_SUBMISSION", make(user, secret).as_mut()).await;
        }
        _ => "PORT_SUBMISSION",
    };
    // A login by a one-time password counts down what other tests count.
    let _alone = match row.name {
        "OTP" => {
            (user, secret) = (server.get("OTP_USER"), server.get("OTP_PASSPHRASE"));
            Some(ntlm_otp::OTP_USER.lock().await)
        }
        _ => None,
    };
    let mut mechanism = make(user, secret);
    authenticates(server, port, mechanism.as_mut()).await;
    assert_eq!(mechanism.name(), row.name, "at {}", witness.name());
}
