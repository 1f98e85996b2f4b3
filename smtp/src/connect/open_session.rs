//! Openers: who opens sessions for a pool, or another owner of many connections.

use super::kind::{NoMechanism, WithMechanismFrom, WithoutTls};
use super::server::Server;
use super::session_key::{SessionKey, TlsParts};
use super::submission::Submission;
use super::url::UrlCredentials;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connection::{AnyConnection, Connection};
use crate::state::{Authed, Greeted, Tls};

/// An opener of sessions, which all begin alike: a [`Submission`], a [`Server`], or a function.
///
/// It is for owners of many connections. Such an owner asks for a session whenever it needs one
/// more, and does not know whether it comes over TCP, through a proxy, or from a simulated network.
///
/// ```
/// use smtp::connect::OpenSession;
/// use smtp::state::Idle;
/// use smtp::{Connection, Envelope, Error};
///
/// /// Sends each message over a connection of its own.
/// async fn send_alone<S: Idle>(
///     opener: impl OpenSession<Session = Connection<S>>,
///     messages: &[(Envelope, &str)],
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     for (envelope, body) in messages {
///         let mut connection = opener.open_session().await?;
///         connection.deliver(envelope, *body).await?;
///         connection.quit().await?;
///     }
///     Ok(())
/// }
/// # fn takes_each(messages: &[(Envelope, &str)]) {
/// let submission = smtp::Submission::new("mail.example.com");
/// drop(send_alone(submission.clone(), messages));
/// drop(send_alone(|| submission.connect(), messages));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` opens no sessions",
    label = "not an opener that can be asked more than once",
    note = "a `Submission` with `auth_with` opens one as often as it is asked to; one with `auth` has credentials for a single session"
)]
pub trait OpenSession: Send + Sync {
    /// A session: a [`Connection`] in its state, or an [`AnyConnection`].
    type Session: Send;

    /// Opens a session.
    ///
    /// # Errors
    ///
    /// When there is none: [`Error::Lost`] where the server was not reached or has ended it,
    /// [`Error::Refused`] where the server refuses it or its credentials.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    fn open_session(&self) -> impl Future<Output = Result<Self::Session, Error>> + Send;

    /// Whom its sessions are with, over what, and as whom. Sessions of openers with equal keys, and
    /// of one type, may stand for each other. `None` of an opener that is equal to no other: a
    /// function.
    fn session_key(&self) -> Option<SessionKey> {
        None
    }
}

impl<F, O, S> OpenSession for F
where
    F: Fn() -> O + Send + Sync,
    O: Future<Output = Result<S, Error>> + Send,
    S: Send,
{
    type Session = S;

    fn open_session(&self) -> impl Future<Output = Result<S, Error>> + Send {
        self()
    }
}

/// In clear, without STARTTLS.
impl OpenSession for Server {
    type Session = Connection<Greeted>;

    async fn open_session(&self) -> Result<Self::Session, Error> {
        Connection::connect(self).await
    }

    fn session_key(&self) -> Option<SessionKey> {
        Some(SessionKey::of_server(self))
    }
}

impl OpenSession for Submission<NoMechanism> {
    type Session = Connection<Tls>;

    async fn open_session(&self) -> Result<Self::Session, Error> {
        self.connect().await
    }

    fn session_key(&self) -> Option<SessionKey> {
        Some(Submission::session_key_over_tls(self))
    }
}

impl OpenSession for Submission<WithoutTls> {
    type Session = Connection<Greeted>;

    async fn open_session(&self) -> Result<Self::Session, Error> {
        self.connect().await
    }

    fn session_key(&self) -> Option<SessionKey> {
        Some(Submission::session_key(self, TlsParts::Clear))
    }
}

impl<M, F> OpenSession for Submission<WithMechanismFrom<F>>
where
    M: Mechanism + Send,
    F: Fn() -> M + Send + Sync,
{
    type Session = Connection<Authed>;

    async fn open_session(&self) -> Result<Self::Session, Error> {
        self.connect().await
    }

    fn session_key(&self) -> Option<SessionKey> {
        Some(Submission::session_key_over_tls(self))
    }
}

impl OpenSession for Submission<UrlCredentials> {
    type Session = AnyConnection;

    async fn open_session(&self) -> Result<Self::Session, Error> {
        self.connect().await
    }

    fn session_key(&self) -> Option<SessionKey> {
        Some(Submission::session_key_over_tls(self))
    }
}
