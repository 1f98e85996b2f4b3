//! PLAIN, LOGIN and XOAUTH2, once more.

use smtp::{Secret, SmtpCommand};

#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "PLAIN", initial = "\0{0}\0{1}", reveals_secret)]
pub struct Plain(#[smtp(nonempty)] pub String, #[smtp(nonempty)] pub Secret);

#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "LOGIN", respond("{0}", "{1}"), reveals_secret)]
pub struct Login(pub String, pub Secret);

#[derive(Debug, SmtpCommand)]
#[smtp(
    mechanism = "XOAUTH2",
    initial = "user={user}\x01auth=Bearer {token}\x01\x01",
    respond(""),
    reveals_secret
)]
pub struct XOauth2 {
    pub user: String,
    pub token: Secret,
}
