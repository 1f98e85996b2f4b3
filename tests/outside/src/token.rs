//! A login that is one command, as a server of its own may define it.

use smtp::{Secret, SmtpCommand};

/// `X-TOKEN user token`, which a server answers with 250 where AUTH would be answered with 235.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-TOKEN", requires = "X-TOKEN", accepts(250), stage = Auth, transition(Tls => Authed))]
pub struct TokenLogin<'a> {
    pub user: &'a str,
    #[smtp(base64)]
    pub token: Secret,
}
