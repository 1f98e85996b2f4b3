//! A submission server in one line: a URL, as configurations and the environment have it.

mod error;
mod parse;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(test)]
mod tests;

use std::env::{self, VarError};
use std::fmt::{self, Debug};
use std::str::FromStr;
use std::time::Duration;

use smtp_grammar::Host;
use zeroize::Zeroizing;

use super::first_message::deliver_over;
use super::kind::{OverTls, Sealed};
use super::submission::Submission;
use crate::any_error::Error;
use crate::auth::Credentials;
use crate::connection::AnyConnection;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::proto::stage::Timeouts;
use crate::secret::Secret;
pub use error::UrlError;
#[cfg(feature = "proxy")]
pub use proxy::ProxyUrlError;

/// The variable that [`SmtpUrl::from_env`] reads.
const VARIABLE: &str = "SMTP_URL";

/// A submission server as a URL.
///
/// ```text
/// url       = ( "smtp" / "smtps" ) "://" [ user ":" password "@" ] host [ ":" port ] [ "/" ]
///             [ "?" query *( "&" query ) ]
/// host      = DNS name / IPv4 address / "[" IPv6 address [ "%25" zone ] "]"
/// query     = "name=" Domain / "name=" address-literal    ; the name of this client in EHLO
///           / "timeout=" seconds                          ; for each step up to the login
///           / "mechanism=" name                           ; this one, and no other
/// ```
///
/// | scheme | TLS | port |
/// |---|---|---|
/// | `smtp` | STARTTLS, required | 587 |
/// | `smtps` | from the first byte (RFC 8314 §3.3) | 465 |
///
/// Nothing in a URL turns TLS off, or the check of the server's certificate, and another query is
/// an error. In the user and the password `%`, `@`, `/`, `?`, `#` and spaces are percent-encoded,
/// in the user `:` as well.
///
/// A URL with a user authenticates with [`Credentials::password`], one without does not:
///
/// ```no_run
/// use smtp::Connection;
/// use smtp::connect::SmtpUrl;
/// use smtp::state::{Authed, Tls};
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let url: SmtpUrl = "smtps://me%40example.com:pencil@mail.example.com".parse()?;
/// match url.credentials() {
///     Some(credentials) => {
///         let mail: Connection<Authed> = url.submission().auth(credentials).connect().await?;
///     }
///     None => {
///         let mail: Connection<Tls> = url.submission().connect().await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`Submission::from_url`] does both, and gives an [`AnyConnection`].
#[derive(Clone, Debug)]
pub struct SmtpUrl {
    implicit: bool,
    host: String,
    port: Option<u16>,
    login: Option<Login>,
    client_name: Option<Host>,
    timeout: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Login {
    user: String,
    password: Secret,
    mechanism: Option<String>,
}

impl Login {
    fn credentials(&self) -> Credentials {
        let credentials = Credentials::password(self.user.clone(), self.password.clone());
        match &self.mechanism {
            Some(name) => credentials.only(name.clone()),
            None => credentials,
        }
    }
}

impl SmtpUrl {
    /// Reads the URL in the environment variable `SMTP_URL`.
    ///
    /// # Errors
    ///
    /// When it is not set, or is no URL of a submission server.
    pub fn from_env() -> Result<Self, UrlError> {
        match env::var(VARIABLE).map(Zeroizing::new) {
            Ok(url) => url.parse(),
            Err(VarError::NotPresent) => Err(UrlError::NotSet),
            Err(VarError::NotUnicode(_)) => Err(UrlError::NotUnicode),
        }
    }

    /// The submission that the URL describes, without its credentials.
    pub fn submission(&self) -> Submission {
        let mut submission = Submission::new(self.host.clone());
        if self.implicit {
            submission = submission.implicit_tls();
        }
        if let Some(port) = self.port {
            submission = submission.port(port);
        }
        if let Some(name) = &self.client_name {
            submission = submission.client_name(name.clone());
        }
        if let Some(timeout) = self.timeout {
            let mut timeouts = Timeouts::default();
            for step in [
                &mut timeouts.connect,
                &mut timeouts.handshake,
                &mut timeouts.greeting,
                &mut timeouts.hello,
                &mut timeouts.auth,
            ] {
                *step = timeout;
            }
            submission = submission.timeouts(timeouts);
        }
        submission
    }

    /// The user and the password of the URL, for one connection; `None` where it has none.
    pub fn credentials(&self) -> Option<Credentials> {
        self.login.as_ref().map(Login::credentials)
    }
}

impl FromStr for SmtpUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let parts = parse::parts(url, &[("smtp", false), ("smtps", true)])?;
        let mut read = Self {
            implicit: parts.scheme,
            host: parts.host.replacen("%25", "%", 1),
            port: parts.port,
            login: None,
            client_name: None,
            timeout: None,
        };
        if let Some(login) = parts.login {
            let (user, password) = parse::user_and_password(login)?;
            read.login = Some(Login { user, password, mechanism: None });
        }
        let mut mechanism = None;
        for query in parts.query.split('&').filter(|query| !query.is_empty()) {
            let (key, value) = query.split_once('=').unwrap_or((query, ""));
            match key {
                "name" => set(&mut read.client_name, "name", client_name(value)?)?,
                "timeout" => set(&mut read.timeout, "timeout", timeout(value)?)?,
                "mechanism" => set(&mut mechanism, "mechanism", mechanism_name(value)?)?,
                _ => return Err(UrlError::UnknownQuery(word(key))),
            }
        }
        match &mut read.login {
            Some(login) => login.mechanism = mechanism,
            None if mechanism.is_some() => return Err(UrlError::MechanismWithoutUser),
            None => {}
        }
        Ok(read)
    }
}

fn set<T>(place: &mut Option<T>, key: &'static str, value: T) -> Result<(), UrlError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(UrlError::QueryTwice(key)),
    }
}

/// A name for EHLO, in which a final dot has no place. That of every machine names none.
fn client_name(value: &str) -> Result<Host, UrlError> {
    let name = parse::decode_text(value)?;
    let name = name.strip_suffix('.').unwrap_or(&name);
    let last = name.rsplit('.').next().unwrap_or_default();
    if ["localhost", "localdomain"].iter().any(|every| last.eq_ignore_ascii_case(every)) {
        return Err(UrlError::Name);
    }
    name.parse().map_err(|_| UrlError::Name)
}

fn timeout(value: &str) -> Result<Duration, UrlError> {
    match parse::number(value) {
        Some(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds.into())),
        _ => Err(UrlError::Timeout),
    }
}

/// `sasl-mech = 1*20mech-char` (RFC 4422 §3.1), here in lower case too.
fn mechanism_name(value: &str) -> Result<String, UrlError> {
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=20).contains(&value.len()) || !value.bytes().all(is_of_names) {
        return Err(UrlError::Mechanism);
    }
    Ok(value.to_ascii_uppercase())
}

/// The name of a query that an error may show.
fn word(key: &str) -> Option<Box<str>> {
    let is_word = (1..=20).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_word.then(|| key.into())
}

/// The credentials of a URL, if it has some: [`Submission::connect`] gives an [`AnyConnection`].
#[derive(Clone)]
pub struct UrlCredentials(Option<Login>);

impl Sealed for UrlCredentials {}
impl OverTls for UrlCredentials {}

impl Debug for UrlCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.0.as_ref().map(|login| &login.user);
        f.debug_struct("UrlCredentials").field("user", &user).finish_non_exhaustive()
    }
}

impl From<SmtpUrl> for Submission<UrlCredentials> {
    fn from(url: SmtpUrl) -> Self {
        url.submission().with_key().with(UrlCredentials(url.login))
    }
}

impl Submission<UrlCredentials> {
    /// Submits to the server of a URL: `smtp://` for port 587 with STARTTLS, `smtps://` for port
    /// 465 with TLS from the first byte. [`SmtpUrl`] has the grammar, and types for callers who
    /// know whether the URL has credentials.
    ///
    /// ```no_run
    /// use smtp::{Envelope, Submission};
    ///
    /// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
    /// let submission = Submission::from_url("smtps://me:pencil@mail.example.com?timeout=30")?;
    /// let mut mail = submission.connect().await?;
    /// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
    /// mail.deliver(&envelope, "Subject: Hello\r\n\r\nHello.\r\n").await?;
    /// mail.quit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When it is no such URL. The error does not show the password, nor any part of the URL that
    /// could be one.
    pub fn from_url(url: &str) -> Result<Self, UrlError> {
        url.parse().map(<Self as From<SmtpUrl>>::from)
    }

    /// As [`from_url`](Self::from_url), of the URL in the environment variable `SMTP_URL`.
    ///
    /// # Errors
    ///
    /// As [`SmtpUrl::from_env`].
    pub fn from_env() -> Result<Self, UrlError> {
        SmtpUrl::from_env().map(Self::from)
    }

    /// Connects, and authenticates where the URL has a user and a password: the connection is then
    /// [`AnyConnection::Authed`], and [`AnyConnection::Tls`] without.
    ///
    /// # Errors
    ///
    /// As [`Submission::connect`] with credentials, and without.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(&self) -> Result<AnyConnection, Error> {
        match self.mechanism() {
            Some(mut mechanism) => Ok(self.log_in(&mut mechanism).await?.into()),
            None => Ok(self.secure().await?.into()),
        }
    }

    /// Connects, authenticates where the URL has a user and a password, and delivers a message, as
    /// [`Submission::<WithMechanism<M>>::connect_and_deliver`](Submission::connect_and_deliver).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn connect_and_deliver<'b>(
        &self,
        envelope: &Envelope,
        body: impl Into<Body<'b>>,
    ) -> Result<(AnyConnection, Result<Receipt, DeliverError>), DeliverError> {
        let body = body.into();
        match self.mechanism() {
            Some(mut mechanism) => {
                let sent = self.log_in_and_deliver(&mut mechanism, envelope, body).await;
                sent.map(|(connection, result)| (connection.into(), result))
            }
            None => {
                let sent = deliver_over(self.secure().await, envelope, body).await;
                sent.map(|(connection, result)| (connection.into(), result))
            }
        }
    }

    pub(super) fn mechanism(&self) -> Option<Credentials> {
        self.credentials().0.as_ref().map(Login::credentials)
    }
}
