//! Defines a mechanism: OAUTHBEARER (RFC 7628), as if the library did not have it. It is a message
//! of fixed form, and a function that takes the server's reason for a refusal. The server follows
//! a script; where a line of the client is wrong or missing, the example ends with a panic.
//!
//! Run it: `cargo run --example custom_mechanism`

use std::error::Error;

use smtp::auth::{Challenge, MechanismError, Step};
use smtp::connection::TransitionError;
use smtp::testing::Script;
use smtp::{Connection, Envelope, Secret, Server, SmtpCommand, TlsConfig};

/// A token is a `Secret`: it is in no trace, and goes to verified servers inside TLS alone.
#[derive(SmtpCommand)]
#[smtp(mechanism = "OAUTHBEARER", initial = "n,a={user},\x01auth=Bearer {token}\x01\x01")]
#[smtp(respond = Self::take_reason)]
struct OAuthBearer {
    #[smtp(saslname, nonempty)]
    user: String,
    #[smtp(nonempty)]
    token: Secret,
    reason: String,
}

impl OAuthBearer {
    /// A server that refuses the token says why in JSON, and waits for one byte before its final
    /// reply (RFC 7628 §3.2.3).
    fn take_reason(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.reason = String::from_utf8_lossy(&challenge.decode()?).into_owned();
        Ok(Secret::from("\x01").into())
    }
}

/// In base64: the message with the token `stale`, the server's reason, the byte 1, and the message
/// with the token `fresh`.
const DIALOGUE: &str = "
    -- tls --
    S: 220 mail.example.test ESMTP
    C: EHLO [127.0.0.1]
    S: 250-mail.example.test
    S: 250 AUTH OAUTHBEARER
    C: AUTH OAUTHBEARER bixhPW1lQGV4YW1wbGUuY29tLAFhdXRoPUJlYXJlciBzdGFsZQEB
    S: 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=
    C: AQ==
    S: 535 5.7.8 authentication failed
    C: AUTH OAUTHBEARER bixhPW1lQGV4YW1wbGUuY29tLAFhdXRoPUJlYXJlciBmcmVzaAEB
    S: 235 2.7.0 welcome
    C: MAIL FROM:<me@example.com>
    S: 250 2.1.0 ok
    C: RCPT TO:<you@example.org>
    S: 250 2.1.5 ok
    C: DATA
    S: 354 go on
    C: Subject: Hello
    C:
    C: Hello.
    C: .
    S: 250 2.0.0 queued as Q7
    C: QUIT";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (stream, peer) = Script::new(DIALOGUE).start();
    let tls = TlsConfig::builder().root_pem(peer.authority_pem()).build()?;
    let server = Server::new("mail.example.test", 465);
    let connection = Connection::from_tls_stream(stream, &server, &tls).await?;

    let user = "me@example.com".to_owned();
    let mut bearer = OAuthBearer { user, token: Secret::from("stale"), reason: String::new() };
    let mut connection = match connection.authenticate(&mut bearer).await {
        Ok(authenticated) => authenticated,
        Err(TransitionError::Refused(refused)) => {
            println!("{}: {}", refused.refusal, bearer.reason);
            // The connection comes back with the refusal, so another token may be tried on it.
            bearer.token = Secret::from("fresh");
            refused.connection.authenticate(&mut bearer).await?
        }
        Err(lost) => return Err(lost.into()),
    };
    println!("Authenticated as {} at the second try", bearer.user);

    let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
    let receipt = connection.deliver(&envelope, "Subject: Hello\r\n\r\nHello.\r\n").await?;
    println!("The server took the mail: {}", receipt.reply());
    connection.quit().await?;
    peer.finish();
    Ok(())
}
