//! XOAUTH2: an OAuth 2.0 bearer token, as Google and Microsoft take it.

use smtp_derive::SmtpCommand;

use crate::secret::Secret;

/// The mechanism XOAUTH2.
///
/// ```text
/// "user=" {user} ^A "auth=Bearer " {token} ^A ^A
/// ```
///
/// A server that refuses the token may first explain itself in a challenge, which is answered with
/// an empty line; the refusal then comes as an ordinary reply.
#[derive(Debug, SmtpCommand)]
#[smtp(
    mechanism = "XOAUTH2",
    initial = "user={user}\x01auth=Bearer {token}\x01\x01",
    respond(""),
    reveals_secret
)]
pub struct XOauth2 {
    #[smtp(nonempty)]
    user: String,
    #[smtp(nonempty)]
    token: Secret,
}

impl XOauth2 {
    /// Authenticates as `user` with an access token.
    pub fn new(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self { user: user.into(), token: token.into() }
    }
}
