//! How to just send mail: a submission server, TLS, credentials.

use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use smtp_grammar::Host;

use super::any::AnyConnection;
use super::typed::{Connection, open, open_with};
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connect::{
    self, CapabilityCache, CheckReport, Families, Limits, NoMechanism, OverTls, TakesCredentials,
    Timeouts, UrlCredentials, UrlError, WithMechanism, WithMechanismFrom, WithoutTls, not_sent,
};
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::message::transfer::Transfer;
use crate::net::{Clock, Connect, Resolve, TlsConfig};
use crate::proto::trace::Observer;
use crate::state::{Authed, Greeted, Tls};

/// A connection to a submission server (RFC 6409): port 587, STARTTLS required, the server's
/// certificate verified, every address of its name tried.
///
/// It has the settings of [`smtp::Submission`](crate::Submission), and can be made
/// [from](From) one: from [`discover`](crate::Submission::discover), for one, and from one whose login
/// is [`dangerous`](crate::Submission::dangerous).
///
/// ```no_run
/// use smtp::blocking::Submission;
/// use smtp::{Envelope, Plain};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut mail = Submission::new("mail.example.com")
///     .auth(Plain::new("me@example.com", "secret"))
///     .connect()?;
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
/// mail.deliver(&envelope, "Subject: Hello\r\n\r\nHello.\r\n")?;
/// mail.quit()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Submission<A = NoMechanism>(connect::Submission<A>);

impl<A> From<connect::Submission<A>> for Submission<A> {
    fn from(submission: connect::Submission<A>) -> Self {
        Self(submission)
    }
}

/// Settings, each of them as that of the asynchronous submission.
macro_rules! settings {
    ($($name:ident($($value:ident: $type:ty)?) $(where $bound:path)?;)*) => {$(
        #[doc = concat!(
            "As [`Submission::", stringify!($name), "`](crate::Submission::", stringify!($name), ").",
        )]
        pub fn $name(self $(, $value: $type)?) -> Self
        $(where A: $bound)?
        {
            Self(self.0.$name($($value)?))
        }
    )*};
}

impl<A> Submission<A> {
    settings! {
        port(port: u16);
        implicit_tls() where OverTls;
        tls(tls: TlsConfig) where OverTls;
        client_name(name: impl Into<Host>);
        timeouts(timeouts: Timeouts);
        limits(limits: Limits);
        ignore_capability(keyword: impl Into<String>);
        ehlo_after_auth() where OverTls;
        pipeline_auth() where OverTls;
        transfer(transfer: Transfer);
        observer(observer: impl Observer + 'static);
        clock(clock: impl Clock);
        at(addresses: impl IntoIterator<Item = SocketAddr>);
        families(families: Families);
        local_address(address: IpAddr);
        keepalive(silence: Duration);
        resolver(resolver: impl Resolve);
        connector(connector: impl Connect);
        accept_target(name: impl Into<String>);
        capability_cache(cache: &CapabilityCache);
    }

    #[cfg(unix)]
    settings! {
        unix_socket(path: impl Into<PathBuf>);
    }

    /// Authenticates with this mechanism, as [`Submission::auth`](crate::Submission::auth).
    pub fn auth<M: Mechanism>(self, mechanism: M) -> Submission<WithMechanism<M>>
    where
        A: TakesCredentials,
    {
        Submission(self.0.auth(mechanism))
    }

    /// Authenticates each connection with a mechanism that `make` gives, as
    /// [`Submission::auth_with`](crate::Submission::auth_with).
    pub fn auth_with<M, F>(self, make: F) -> Submission<WithMechanismFrom<F>>
    where
        A: TakesCredentials,
        M: Mechanism,
        F: Fn() -> M,
    {
        Submission(self.0.auth_with(make))
    }
}

impl Submission {
    /// Submits to `host`: a DNS name or an IP address, without a [`port`](Self::port).
    pub fn new(host: impl Into<String>) -> Self {
        Self(connect::Submission::new(host))
    }

    /// Connects without TLS, as [`Submission::without_tls`](crate::Submission::without_tls). Every
    /// host on the way to the server can read the mail and change it.
    pub fn without_tls(self) -> Submission<WithoutTls> {
        Submission(self.0.without_tls())
    }
}

impl Submission<UrlCredentials> {
    /// Submits to the server of a URL, as [`Submission::from_url`](crate::Submission::from_url).
    ///
    /// # Errors
    ///
    /// When it is no such URL. The error does not show the password, nor any part of the URL that
    /// could be one.
    pub fn from_url(url: &str) -> Result<Self, UrlError> {
        connect::Submission::from_url(url).map(Self)
    }

    /// As [`from_url`](Self::from_url), of the URL in the environment variable `SMTP_URL`.
    ///
    /// # Errors
    ///
    /// As [`SmtpUrl::from_env`](crate::connect::SmtpUrl::from_env).
    pub fn from_env() -> Result<Self, UrlError> {
        connect::Submission::from_env().map(Self)
    }
}

/// `connect` and `check`, for each kind of credentials.
macro_rules! connects {
    ($([$($generics:tt)*] $credentials:ty: $does:literal, ($($by:tt)*) => $connection:ty;)*) => {$(
        impl<$($generics)*> Submission<$credentials> {
            #[doc = concat!("Connects", $does, ".")]
            ///
            /// # Errors
            ///
            /// As [`Submission::connect`](crate::Submission::connect), and
            /// [`Fault::InsideRuntime`](crate::error::Fault::InsideRuntime) on a thread of a tokio
            /// runtime.
            pub fn connect($($by)* self) -> Result<$connection, Error> {
                open(self.0.connect())
            }

            #[doc = concat!("Connects", $does, ", ends the session, and reports what was found.")]
            ///
            /// # Errors
            ///
            /// As [`connect`](Self::connect).
            pub fn check($($by)* self) -> Result<CheckReport, Error> {
                open(self.0.check())
            }
        }
    )*};
}

connects! {
    [] NoMechanism: ": TCP, greeting, EHLO, TLS, EHLO", (&) => Connection<Tls>;
    [] WithoutTls: " in clear: TCP, greeting, EHLO", (&) => Connection<Greeted>;
    [M: Mechanism] WithMechanism<M>: " and authenticates", () => Connection<Authed>;
    [M: Mechanism, F: Fn() -> M] WithMechanismFrom<F>: " and authenticates", (&) => Connection<Authed>;
    [] UrlCredentials: ", and authenticates where the URL has a user", (&) => AnyConnection;
}

/// `connect_and_deliver`, for each kind of credentials that has it.
macro_rules! delivers {
    ($([$($generics:tt)*] $credentials:ty: $does:literal, ($($by:tt)*) => $connection:ty;)*) => {$(
        impl<$($generics)*> Submission<$credentials> {
            #[doc = concat!("Connects", $does, ", and delivers a message, as")]
            /// [`Submission::connect_and_deliver`](crate::Submission::connect_and_deliver).
            ///
            /// # Errors
            ///
            /// As there, and [`DeliverError::NotSent`] with
            /// [`Fault::InsideRuntime`](crate::error::Fault::InsideRuntime) on a thread of a tokio
            /// runtime.
            pub fn connect_and_deliver<'b>(
                $($by)* self,
                envelope: &Envelope,
                body: impl Into<Body<'b>>,
            ) -> Result<($connection, Result<Receipt, DeliverError>), DeliverError> {
                open_with(
                    body.into(),
                    |body| self.0.connect_and_deliver(envelope, body),
                    |body, lost| not_sent(Ok(lost), envelope, Some(body)),
                )
            }
        }
    )*};
}

delivers! {
    [] WithoutTls: " in clear", (&) => Connection<Greeted>;
    [M: Mechanism] WithMechanism<M>: ", authenticates", () => Connection<Authed>;
    [M: Mechanism, F: Fn() -> M] WithMechanismFrom<F>: ", authenticates", (&) => Connection<Authed>;
    [] UrlCredentials: ", authenticates where the URL has a user", (&) => AnyConnection;
}
