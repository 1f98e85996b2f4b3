//! The mechanisms that are looked at: a new one gets a row here, and its part in `server`.

use std::future::ready;

use smtp::auth::{
    AccessToken, ChannelBinding, CramMd5, Credentials, DigestMd5, Need, Ntlm, OAuthBearer, Otp,
    ScramSha1, ScramSha224, ScramSha256, ScramSha384, ScramSha512, XOauth2,
};
use smtp::connect::Cached;
use smtp::{Login, Mechanism, Plain, Secret, SmtpCommand};

use crate::allocator::unwatched;
use crate::needles::{NEW_SEED, NEW_SEQUENCE, SECRET, USER};

/// The names that the server offers, after `+` what it does with them, the name of the row, and the
/// mechanism. -PLUS is for TLS 1.3 alone.
pub type Row = (&'static str, &'static str, fn() -> Box<dyn Mechanism>);

/// The secret, made where the program is not watched, so that it lives in the one buffer.
pub fn secret() -> Secret {
    unwatched(|| Secret::from(SECRET))
}

/// A secret that is longer than a line of AUTH, and that buffers grow for.
fn long() -> Secret {
    with(&unwatched(|| "x".repeat(3000)))
}

/// A password that `SASLprep` makes the secret: it leaves out the soft hyphen (RFC 4013 §2.1).
fn unprepared() -> Secret {
    let (start, end) = SECRET.split_at(SECRET.len() / 2);
    unwatched(|| Secret::from(format!("{start}\u{ad}{end}")))
}

/// The secret and more.
fn with(end: &str) -> Secret {
    unwatched(|| Secret::from(format!("{SECRET}{end}")))
}

/// A mechanism of a user, with a field that is rewritten before it is sent.
#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "X-NAME", initial = "n,a={name},", reveals_secret)]
struct SecretName {
    #[smtp(saslname)]
    name: Secret,
}

pub const ROWS: &[Row] = &[
    ("PLAIN", "PLAIN", || Box::new(Plain::new(USER, secret()))),
    ("PLAIN", "PLAIN with a long password", || Box::new(Plain::new(USER, long()))),
    ("LOGIN", "LOGIN", || Box::new(Login::new(USER, secret()))),
    ("LOGIN", "LOGIN with an initial response", || {
        Box::new(Login::new(USER, secret()).with_initial_response())
    }),
    ("CRAM-MD5", "CRAM-MD5", || Box::new(CramMd5::new(USER, secret()))),
    ("DIGEST-MD5", "DIGEST-MD5", || Box::new(DigestMd5::new(USER, secret()))),
    ("DIGEST-MD5", "DIGEST-MD5 in UTF-8", || Box::new(DigestMd5::new(USER, secret()).raw_utf8())),
    ("DIGEST-MD5+\u{e9}", "DIGEST-MD5 in Latin-1", || {
        Box::new(DigestMd5::new(USER, with("\u{e9}")))
    }),
    ("DIGEST-MD5+\u{416}", "DIGEST-MD5 beyond Latin-1", || {
        Box::new(DigestMd5::new(USER, with("\u{416}")))
    }),
    ("SCRAM-SHA-1", "SCRAM-SHA-1", || Box::new(ScramSha1::new(USER, secret()))),
    ("SCRAM-SHA-224", "SCRAM-SHA-224", || Box::new(ScramSha224::new(USER, secret()))),
    ("SCRAM-SHA-256", "SCRAM-SHA-256", || Box::new(ScramSha256::new(USER, secret()))),
    ("SCRAM-SHA-384", "SCRAM-SHA-384", || Box::new(ScramSha384::new(USER, secret()))),
    ("SCRAM-SHA-512", "SCRAM-SHA-512", || Box::new(ScramSha512::new(USER, secret()))),
    ("SCRAM-SHA-256", "SCRAM-SHA-256 with a password to prepare", || {
        Box::new(ScramSha256::new(USER, unprepared()))
    }),
    ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS", || Box::new(ScramSha1::new(USER, secret()))),
    ("SCRAM-SHA-224-PLUS", "SCRAM-SHA-224-PLUS", || Box::new(ScramSha224::new(USER, secret()))),
    ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", || Box::new(ScramSha256::new(USER, secret()))),
    ("SCRAM-SHA-384-PLUS", "SCRAM-SHA-384-PLUS", || Box::new(ScramSha384::new(USER, secret()))),
    ("SCRAM-SHA-512-PLUS", "SCRAM-SHA-512-PLUS", || Box::new(ScramSha512::new(USER, secret()))),
    ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS, the certificate", || {
        let scram = ScramSha256::new(USER, secret());
        Box::new(scram.channel_binding(ChannelBinding::ServerEndPoint))
    }),
    ("XOAUTH2", "XOAUTH2", || Box::new(XOauth2::new(USER, secret()))),
    ("XOAUTH2", "XOAUTH2 with a long token", || Box::new(XOauth2::new(USER, long()))),
    ("OAUTHBEARER", "OAUTHBEARER", || Box::new(OAuthBearer::new(USER, secret()))),
    ("OAUTHBEARER", "OAUTHBEARER with a long token", || Box::new(OAuthBearer::new(USER, long()))),
    ("OTP", "OTP", || Box::new(Otp::new(USER, secret()))),
    ("OTP+sha1", "OTP with SHA-1", || Box::new(Otp::new(USER, secret()))),
    ("OTP", "OTP with a new sequence", || {
        Box::new(Otp::new(USER, secret()).renew(NEW_SEQUENCE, NEW_SEED))
    }),
    ("NTLM", "NTLM", || Box::new(Ntlm::new(USER, secret()))),
    ("NTLM+MIC", "NTLM with a MIC", || Box::new(Ntlm::new(USER, secret()))),
    ("X-NAME", "a mechanism of a user", || {
        Box::new(SecretName { name: unwatched(|| Secret::from(format!(",{SECRET}"))) })
    }),
    ("SCRAM-SHA-256", "Credentials::password", || Box::new(Credentials::password(USER, secret()))),
    ("SCRAM-SHA-256-PLUS", "Credentials::password, -PLUS", || {
        Box::new(Credentials::password(USER, secret()))
    }),
    ("PLAIN", "Credentials::password, PLAIN", || Box::new(Credentials::password(USER, secret()))),
    ("OAUTHBEARER", "Credentials::token", || Box::new(Credentials::token(USER, secret()))),
    ("XOAUTH2", "Credentials::token_source", || {
        let source = |_: Need| ready(Ok(AccessToken::new(secret())));
        Box::new(Credentials::token_source(USER, Cached::new(source)))
    }),
    ("SCRAM-SHA-256 PLAIN+504 5.5.4 unknown", "Credentials::password, the next mechanism", || {
        Box::new(Credentials::password(USER, secret()))
    }),
    ("XOAUTH2+535 5.7.8 expired", "Credentials::token_source, renewed", || {
        let source = |need: Need| {
            ready(Ok(AccessToken::new(match need {
                Need::Refused(_) => secret(),
                _ => with("-of-old"),
            })))
        };
        Box::new(Credentials::token_source(USER, Cached::new(source)))
    }),
];
