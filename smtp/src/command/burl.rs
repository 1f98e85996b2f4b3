//! BURL: a part of the message that the server fetches itself.

use smtp_derive::SmtpCommand;

use crate::secret::Secret;

/// The command BURL, for a part of the message that others follow: [`Burl`] again, and
/// [`BurlLast`] at the end.
///
/// ```text
/// burl-cmd = "BURL" SP absolute-URI [ SP end-marker ] CRLF
/// end-marker = "LAST"      ; RFC 4468 §3.2
/// ```
///
/// The URL is treated as a [`Secret`]: who knows a URL with URLAUTH can fetch the mail (RFC 4467
/// §8). A server that refuses a part has a transaction that cannot go on: `reset` ends it.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "BURL", requires = "BURL", stage = Bdat, pipelining, valid_in(InTransaction))]
pub struct Burl {
    url: Secret,
}

impl Burl {
    /// The part at this URL, such as `imap://harry@gryffindor.example.com/outbox;uidvalidity=1078863300/;uid=25;urlauth=..`.
    pub fn new(url: impl Into<Secret>) -> Self {
        Self { url: url.into() }
    }
}

/// The command BURL with `LAST`: the last part of the message, whose acceptance ends the
/// transaction.
///
/// The server answers when it has fetched the message. Refused, it leaves a transaction that cannot
/// go on: `reset` ends it.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "BURL", requires = "BURL", stage = Bdat, last, transition(InTransaction => Idle))]
pub struct BurlLast {
    url: Secret,
    #[smtp(flag = "LAST")]
    last: bool,
}

impl BurlLast {
    /// The last part of the message, or all of it.
    pub fn new(url: impl Into<Secret>) -> Self {
        Self { url: url.into(), last: true }
    }
}
