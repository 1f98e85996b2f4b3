//! How to just send mail: a submission server, TLS, credentials.

use smtp_grammar::Host;

use super::auth_pipelining::AuthPipelining;
use super::capability_cache::{CapabilityCache, Memory, Policy};
use super::kind::{
    NoMechanism, OverTls, TakesCredentials, WithMechanism, WithMechanismFrom, WithoutTls,
};
use super::open::unreached;
use super::server::{SUBMISSIONS, Server};
use super::session_key::{SessionKey, SubmissionParts, TlsParts};
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connection::Connection;
use crate::message::transfer::Transfer;
use crate::net::{Clock, Discovery, Service, TlsConfig};
use crate::proto::limits::Limits;
use crate::proto::stage::Timeouts;
use crate::proto::trace::Observer;
use crate::state::{Authed, Greeted, Tls};

/// A connection to a submission server (RFC 6409): port 587, STARTTLS required, the server's
/// certificate verified, every address of its name tried.
///
/// ```no_run
/// use smtp::{Envelope, Plain, Submission};
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let mut mail = Submission::new("mail.example.com")
///     .auth(Plain::new("me@example.com", "secret"))
///     .connect()
///     .await?;
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
/// mail.deliver(&envelope, "Subject: Hello\r\n\r\nHello.\r\n").await?;
/// mail.quit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Submission<A = NoMechanism> {
    pub(super) server: Server,
    /// The servers are those that the domain names, and not the host.
    pub(super) discovery: Option<Discovery>,
    /// The caller has set the port.
    pub(super) own_port: bool,
    pub(super) implicit: bool,
    pub(super) tls: Option<TlsConfig>,
    pub(super) hello_after_auth: bool,
    pub(super) auth_pipelining: AuthPipelining,
    /// The caller has opened the door to a login at a server that is not verified.
    pub(super) unverified_login: bool,
    credentials: A,
}

/// The port of submission with STARTTLS (RFC 6409 §3.1).
const SUBMISSION: u16 = 587;

impl Submission {
    /// Submits to `host`: a DNS name or an IP address, without a [`port`](Self::port).
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            server: Server::new(host, SUBMISSION),
            discovery: None,
            own_port: false,
            implicit: false,
            tls: None,
            hello_after_auth: false,
            auth_pipelining: AuthPipelining::default(),
            unverified_login: false,
            credentials: NoMechanism,
        }
    }

    /// Connects without TLS: STARTTLS is not sent, though the server may offer it. Every host on the
    /// way to the server can read the mail and change it.
    ///
    /// Such a submission takes no credentials, and forgets [`implicit_tls`](Self::implicit_tls) and
    /// [`tls`](Self::tls). Where the way to the server is safe by itself, the connection has the
    /// door to authenticate: [`Connection::dangerous`].
    ///
    /// ```no_run
    /// use smtp::Submission;
    ///
    /// # async fn send() -> Result<(), smtp::Error> {
    /// // A relay on the same machine.
    /// let mail = Submission::new("127.0.0.1").port(25).without_tls().connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_tls(mut self) -> Submission<WithoutTls> {
        if !self.own_port {
            self.server = self.server.with_port(SUBMISSION);
        }
        (self.implicit, self.tls) = (false, None);
        self.with(WithoutTls)
    }

    /// Connects: TCP, greeting, EHLO, TLS, EHLO.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers or the handshake fails, [`Error::Refused`] when the
    /// server refuses the session, does not offer STARTTLS or refuses it. Nothing but EHLO, STARTTLS
    /// and QUIT was then sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(&self) -> Result<Connection<Tls>, Error> {
        self.secure().await
    }
}

impl Submission<WithoutTls> {
    /// Connects: TCP, greeting, EHLO, or HELO where the server does not know EHLO.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Greeted>::connect`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(&self) -> Result<Connection<Greeted>, Error> {
        match self.discovery() {
            None => Connection::connect(&self.server).await,
            Some(discovery) => {
                let services = [Service::Submission];
                let found = self.server.discover(discovery, &services, self.own_port).await;
                let (_, approach) = found.map_err(unreached)?;
                Connection::connect_by(&self.server, approach, false).await
            }
        }
    }
}

impl<M: Mechanism> Submission<WithMechanism<M>> {
    /// Connects and authenticates.
    ///
    /// # Errors
    ///
    /// As without credentials, and [`Error::Refused`] when the server refuses them.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(self) -> Result<Connection<Authed>, Error> {
        let (submission, mut mechanism) = self.into_parts();
        submission.log_in(&mut mechanism).await
    }

    pub(super) fn into_parts(self) -> (Submission, M) {
        let (submission, credentials) = self.replace(NoMechanism);
        (submission, credentials.0)
    }
}

impl<M: Mechanism, F: Fn() -> M> Submission<WithMechanismFrom<F>> {
    /// Connects and authenticates.
    ///
    /// # Errors
    ///
    /// As without credentials, and [`Error::Refused`] when the server refuses them.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(&self) -> Result<Connection<Authed>, Error> {
        self.log_in(&mut self.mechanism()).await
    }

    pub(super) fn mechanism(&self) -> M {
        (self.credentials.0)()
    }
}

impl<A> Submission<A> {
    /// Authenticates with this mechanism.
    ///
    /// One that reveals its secret is not used where the [TLS configuration](Self::tls) leaves
    /// servers unverified. A caller that accepts that goes through the door:
    /// [`dangerous`](Submission::dangerous).
    pub fn auth<M: Mechanism>(self, mechanism: M) -> Submission<WithMechanism<M>>
    where
        A: TakesCredentials,
    {
        self.with_key().with(WithMechanism(mechanism))
    }

    /// Authenticates each connection with a mechanism that `make` gives: the submission is then
    /// `Clone`, and connects as often as it is asked to.
    ///
    /// ```no_run
    /// use smtp::{Plain, Submission};
    ///
    /// # async fn send() -> Result<(), smtp::Error> {
    /// let submission = Submission::new("mail.example.com")
    ///     .auth_with(|| Plain::new("me@example.com", "secret"));
    /// let first = submission.connect().await?;
    /// let second = submission.connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn auth_with<M, F>(self, make: F) -> Submission<WithMechanismFrom<F>>
    where
        A: TakesCredentials,
        M: Mechanism,
        F: Fn() -> M,
    {
        self.with_key().with(WithMechanismFrom(make))
    }

    /// Credentials have a place of their own in the cache of capabilities.
    pub(super) fn with_key(mut self) -> Self {
        self.server = self.server.with_credentials();
        self
    }

    pub(super) fn with<C>(self, credentials: C) -> Submission<C> {
        self.replace(credentials).0
    }

    /// The same with these credentials, and the ones that it had.
    fn replace<C>(self, credentials: C) -> (Submission<C>, A) {
        let Self {
            server,
            discovery,
            own_port,
            implicit,
            tls,
            hello_after_auth,
            auth_pipelining,
            unverified_login,
            ..
        } = self;
        let submission = Submission {
            server,
            discovery,
            own_port,
            implicit,
            tls,
            hello_after_auth,
            auth_pipelining,
            unverified_login,
            credentials,
        };
        (submission, self.credentials)
    }

    /// How the servers are found, unless the caller has said where they are.
    pub(super) fn discovery(&self) -> Option<&Discovery> {
        self.discovery.as_ref().filter(|_| self.server.reach.addresses.is_none())
    }

    /// Connects to this port, whether TLS is [implicit](Self::implicit_tls) or not.
    pub fn port(mut self, port: u16) -> Self {
        self.server = self.server.with_port(port);
        self.own_port = true;
        self
    }

    /// Speaks TLS from the first byte (RFC 8314 §3.3), at port 465 where no [`port`](Self::port) is
    /// set.
    pub fn implicit_tls(mut self) -> Self
    where
        A: OverTls,
    {
        self.implicit = true;
        if !self.own_port {
            self.server = self.server.with_port(SUBMISSIONS);
        }
        self
    }

    /// Uses this TLS configuration instead of [the default one](TlsConfig::new), which all
    /// submissions of a process share.
    pub fn tls(mut self, tls: TlsConfig) -> Self
    where
        A: OverTls,
    {
        self.tls = Some(tls);
        self
    }

    /// Says in EHLO that the client is `name`, instead of the literal of its address.
    pub fn client_name(mut self, name: impl Into<Host>) -> Self {
        self.server = self.server.client_name(name);
        self
    }

    /// Sets how long each step may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.server = self.server.timeouts(timeouts);
        self
    }

    /// Sets the limits on what the server may send, and how lenient to be with it, as
    /// [`Server::limits`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.server = self.server.limits(limits);
        self
    }

    /// Behaves as if EHLO did not list this keyword, for servers that list what they cannot do.
    pub fn ignore_capability(mut self, keyword: impl Into<String>) -> Self {
        self.server = self.server.ignore_capability(keyword);
        self
    }

    /// Says EHLO once more after AUTH, for servers that offer more to users than to strangers: a
    /// larger [size](crate::extension::Size), for one. The offers of the first EHLO stand without it, as RFC
    /// 4954 §4 has it for mechanisms without a security layer.
    ///
    /// A server that refuses it ends [`connect`](Submission::connect) with that error.
    pub fn ehlo_after_auth(mut self) -> Self
    where
        A: OverTls,
    {
        self.hello_after_auth = true;
        self
    }

    /// Sends MAIL and each RCPT of the first message in one flight with AUTH, in
    /// [`connect_and_deliver`](Submission::connect_and_deliver): the message is then accepted one
    /// round trip earlier. Off by default, because RFC 2920 §3.1 does not name AUTH among the
    /// commands that others may follow, and a server may end such a session.
    ///
    /// It is done where the server lists PIPELINING inside TLS; where the mechanism
    /// [has one round](Mechanism::is_one_round), as PLAIN, XOAUTH2, OAUTHBEARER, EXTERNAL and
    /// ANONYMOUS have; and where the message waits for the replies to RCPT: one that goes in
    /// [chunks](Transfer::chunks) to a server that offers CHUNKING, or whose
    /// [policy](crate::Envelope::policy) looks at the recipients. Every other message gains nothing:
    /// DATA never leaves before AUTH is answered, and without this option it leaves together with
    /// MAIL and RCPT, in the same number of round trips. With
    /// [`ehlo_after_auth`](Self::ehlo_after_auth) it is not done.
    ///
    /// When the server refuses AUTH, nothing but MAIL and RCPT has left. When it does not take the
    /// flight (it closes the session, says 503 or 554 to AUTH, or asks for more), AUTH is sent
    /// again, alone: over the same session, or over a new connection, once. This submission and its
    /// clones, and those that share its [cache](Self::capability_cache) and credentials, send AUTH
    /// alone from then on. The chapter on [round trips](crate::guide::round_trips) has a table of
    /// servers.
    pub fn pipeline_auth(mut self) -> Self
    where
        A: OverTls,
    {
        self.auth_pipelining = AuthPipelining::on();
        self
    }

    /// Whether MAIL and RCPT may leave with AUTH.
    pub(super) fn pipelines_auth(&self) -> bool {
        // A second EHLO may offer other parameters of MAIL.
        let may = self.auth_pipelining.is_on() && !self.hello_after_auth && !self.unverified_login;
        may && self.memory().is_none_or(|memory| memory.pipelines_auth())
    }

    /// AUTH is sent alone from now on.
    pub(super) fn stop_pipelining_auth(&self) {
        self.auth_pipelining.turn_off();
        if let Some(memory) = self.memory() {
            memory.stop_pipelining_auth();
        }
    }

    /// Its place in the cache of capabilities. There is none where the records of a domain decide who
    /// the server is.
    fn memory(&self) -> Option<Memory> {
        if self.discovery().is_some() {
            return None;
        }
        let tls = self.tls_config().ok()?.config();
        self.server.memory(if self.implicit {
            Policy::Implicit(tls)
        } else {
            Policy::StartTls(tls)
        })
    }

    /// The key of its sessions.
    pub(super) fn session_key(&self, tls: TlsParts) -> SessionKey {
        let (own_port, hello_after_auth) = (self.own_port, self.hello_after_auth);
        let (discovery, unverified_login) = (self.discovery(), self.unverified_login);
        let parts = SubmissionParts { discovery, own_port, hello_after_auth, unverified_login };
        SessionKey::new(&self.server, tls, &parts)
    }

    /// The same, of sessions that use TLS.
    pub(super) fn session_key_over_tls(&self) -> SessionKey {
        let tls = self.tls_config();
        self.session_key(tls.map_or(TlsParts::Unusable, |tls| TlsParts::new(&tls, self.implicit)))
    }

    /// Remembers in this cache what the server has offered, as [`Server::capability_cache`].
    pub fn capability_cache(mut self, cache: &CapabilityCache) -> Self {
        self.server = self.server.capability_cache(cache);
        self
    }

    /// Sets how messages travel.
    pub fn transfer(mut self, transfer: Transfer) -> Self {
        self.server = self.server.transfer(transfer);
        self
    }

    /// Shows every line to `observer`, without its secrets.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.server = self.server.observer(observer);
        self
    }

    /// Keeps timeouts by this clock, as [`Server::clock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.server = self.server.clock(clock);
        self
    }

    pub(super) fn credentials(&self) -> &A {
        &self.credentials
    }
}
