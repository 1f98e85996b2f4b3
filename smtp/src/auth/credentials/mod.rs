//! Credentials: a password, a token or a certificate, and the choice of a mechanism for it.
//!
//! | file | what it holds |
//! |---|---|
//! | [`strength`] | the protection that a mechanism gives |
//! | [`candidate`] | the mechanisms of each kind of credentials, the strongest first |
//! | [`choice`] | which of them a connection gets, and the errors |
//! | [`fetch`] | the token of a source |

mod candidate;
mod choice;
mod fetch;
mod strength;

use std::fmt::{self, Debug};
use std::task::{Context, Poll, ready};

use candidate::{Account, Candidate, Needs};
use choice::Choice;
use fetch::Fetch;
pub use strength::Strength;

use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::refused::{AfterRefusal, RefusedAuth};
use super::token::TokenSource;
use crate::error::AuthProblem;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// A password, a token or a certificate, with which the strongest mechanism that the server offers
/// is used.
///
/// | credentials | mechanisms, the strongest first |
/// |---|---|
/// | [`password`](Self::password) | SCRAM-SHA-512-PLUS, -384-PLUS, -256-PLUS, -224-PLUS, -1-PLUS, the same without -PLUS, PLAIN, LOGIN; by name: DIGEST-MD5, CRAM-MD5, NTLM |
/// | [`token`](Self::token), [`token_source`](Self::token_source) | OAUTHBEARER, XOAUTH2 |
/// | `kerberos`, with the feature `gssapi` | GS2-KRB5-PLUS, GS2-KRB5, GSSAPI, GSS-SPNEGO |
/// | [`external`](Self::external) | EXTERNAL |
/// | [`anonymous`](Self::anonymous) | ANONYMOUS |
///
/// PLAIN, LOGIN and those of a token reveal the secret, so they are chosen inside verified TLS
/// alone, or through the door named `dangerous`. -PLUS is chosen by itself inside TLS 1.3; inside
/// TLS 1.2 where [`only`](Self::only) names it and the configuration requires the extended master
/// secret.
///
/// A mechanism that the server lists and does not know (504, or 500 to 502, before any challenge)
/// is followed by the next one. One that has failed in any other way is followed by none: a weaker
/// one might be what an attacker waits for.
///
/// ```
/// use smtp::auth::{Credentials, Strength};
///
/// let password = Credentials::password("me@example.com", "pencil");
/// // A list from which an attacker has taken SCRAM is then an error.
/// let strong = Credentials::password("me@example.com", "pencil").at_least(Strength::Proof);
/// let pinned = Credentials::password("me@example.com", "pencil").only("SCRAM-SHA-256");
/// ```
pub struct Credentials {
    account: Account,
    source: Option<Fetch>,
    choice: Choice,
    /// The next beginning follows a refusal.
    goes_on: bool,
    chosen: Option<&'static Candidate>,
    /// There is none while the token is waited for.
    mechanism: Option<Box<dyn Mechanism>>,
}

impl Credentials {
    /// A user's password.
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::new(candidate::OF_PASSWORDS).of(user.into(), password.into())
    }

    /// An OAuth 2.0 access token for a user.
    pub fn token(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self::new(candidate::OF_TOKENS).of(user.into(), token.into())
    }

    /// OAuth 2.0 access tokens for a user, from a source that is asked once for each connection.
    /// Where the server refuses the token, the source is asked for another, and that one is tried
    /// on the same connection, once.
    pub fn token_source(user: impl Into<String>, source: impl TokenSource + 'static) -> Self {
        let own = Self::new(candidate::OF_TOKENS).of(user.into(), Secret::default());
        Self { source: Some(Fetch::new(source)), ..own }
    }

    /// The Kerberos ticket of the user that this program runs for: `kinit` gets one. The service is
    /// `smtp` at the server's name.
    #[cfg(feature = "gssapi")]
    pub fn kerberos() -> Self {
        Self::new(candidate::OF_TICKETS)
    }

    /// The client's certificate, which TLS has shown the server.
    pub fn external() -> Self {
        Self::new(candidate::OF_CERTIFICATES)
    }

    /// No user. The server's log may show this trace: an address, a word, or nothing (RFC 4505).
    pub fn anonymous(trace: impl Into<String>) -> Self {
        Self::new(candidate::OF_GUESTS).of(trace.into(), Secret::default())
    }

    fn new(candidates: &'static [Candidate]) -> Self {
        Self {
            account: Account::default(),
            source: None,
            choice: Choice::among(candidates),
            goes_on: false,
            chosen: None,
            mechanism: None,
        }
    }

    fn of(self, user: String, secret: Secret) -> Self {
        Self { account: Account { user, secret, ..self.account }, ..self }
    }

    /// Asks to act as another user than the one who authenticates, with a mechanism that can.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.account.authzid = authzid.into();
        self.choice.acts = !self.account.authzid.is_empty();
        self
    }

    /// Uses no mechanism that is weaker.
    #[must_use]
    pub fn at_least(mut self, strength: Strength) -> Self {
        self.choice.least = strength;
        self
    }

    /// Uses this mechanism alone, by its name.
    #[must_use]
    pub fn only(mut self, name: impl Into<String>) -> Self {
        self.choice.only = Some(name.into());
        self
    }

    /// Tries the mechanism that [`only`](Self::only) names though the server does not list it.
    #[must_use]
    pub fn though_unlisted(mut self) -> Self {
        self.choice.unlisted = true;
        self
    }

    /// Uses this mechanism too, by its name, where no better one is offered: one that is not used
    /// by itself. A name that no mechanism of this library has is an error before AUTH.
    #[must_use]
    pub fn also(mut self, name: impl Into<String>) -> Self {
        self.choice.also.push(name.into());
        self
    }

    /// Does not use this mechanism, by its name. A name that no mechanism of this library has is an
    /// error before AUTH.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.choice.excluded.push(name.into());
        self
    }

    fn mechanism(&mut self) -> Result<&mut Box<dyn Mechanism>, MechanismError> {
        self.mechanism.as_mut().ok_or_else(|| MechanismError::new("the exchange has not begun"))
    }

    /// The server has refused the token, and another may do better. `explains` says that the
    /// server gave a reason of its own first.
    fn renews(&mut self, refused: &RefusedAuth<'_>, explains: bool) -> bool {
        let reply = refused.reply();
        let is_of_token = match AuthProblem::of(reply) {
            Some(AuthProblem::WrongCredentials) => true,
            None => explains && reply.code().is_permanent(),
            Some(_) => false,
        };
        let secret = &self.account.secret;
        is_of_token && self.source.as_mut().is_some_and(|source| source.renew(secret))
    }
}

impl Mechanism for Credentials {
    fn name(&self) -> &str {
        self.chosen.map_or("", |chosen| chosen.name)
    }

    fn reveals_secret(&self) -> bool {
        self.chosen.is_none_or(|chosen| chosen.needs == Needs::Trust)
    }

    fn must_be_listed(&self) -> bool {
        !self.choice.unlisted
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        (self.chosen, self.mechanism) = (None, None);
        if !std::mem::take(&mut self.goes_on) {
            self.choice.unknown.clear();
            if let Some(source) = &mut self.source {
                source.begin();
            }
        }
        self.choice.check_names()?;
        let facts = self.choice.seen(facts);
        let Some(candidate) = self.choice.choose(&facts) else {
            return Err(self.choice.nothing_fits(&facts));
        };
        // One that waits for a token learns no facts: those of tokens need none.
        if self.source.as_ref().is_none_or(Fetch::is_there) {
            let mut mechanism = (candidate.make)(&self.account, &facts);
            mechanism.begin(&facts)?;
            self.mechanism = Some(mechanism);
        }
        self.chosen = Some(candidate);
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if let (None, Some(candidate), Some(source)) =
            (&self.mechanism, self.chosen, &mut self.source)
        {
            self.account.secret = ready!(source.poll(cx))?;
            let facts = Facts::new("", &smtp_grammar::Capabilities::default());
            self.mechanism = Some((candidate.make)(&self.account, &facts));
        }
        match self.mechanism() {
            Ok(mechanism) => mechanism.poll_ready(cx),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        self.mechanism()?.initial_response()
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.mechanism()?.respond(challenge)
    }

    fn refused(&mut self, refused: &RefusedAuth<'_>) -> AfterRefusal {
        let Some(chosen) = self.chosen else { return AfterRefusal::Stop };
        if refused.is_of_mechanism() {
            self.choice.unknown.push(chosen.name);
            let seen = self.choice.seen(refused.facts());
            if self.choice.choose(&seen).is_some() {
                self.goes_on = true;
                return AfterRefusal::BeginAgain;
            }
            let why = self.choice.nothing_fits(&seen).to_string();
            return AfterRefusal::Explain(why.into());
        }
        let explained = match &mut self.mechanism {
            Some(mechanism) => mechanism.refused(refused),
            None => AfterRefusal::Stop,
        };
        let explains = matches!(explained, AfterRefusal::Explain(_));
        if self.renews(refused, explains) {
            self.goes_on = true;
            return AfterRefusal::BeginAgain;
        }
        if explains {
            return explained;
        }
        let others = match AuthProblem::of(refused.reply()) {
            Some(AuthProblem::WrongCredentials | AuthProblem::TooWeak) => {
                self.choice.alternatives(chosen.name, &self.choice.seen(refused.facts()))
            }
            _ => None,
        };
        let hints: Vec<String> = self.choice.not_known().into_iter().chain(others).collect();
        if hints.is_empty() {
            AfterRefusal::Stop
        } else {
            AfterRefusal::Explain(hints.join("; ").into())
        }
    }

    fn is_complete(&self) -> bool {
        self.mechanism.as_ref().is_some_and(Mechanism::is_complete)
    }

    fn is_one_round(&self) -> bool {
        self.mechanism.as_ref().is_some_and(Mechanism::is_one_round)
    }
}

impl Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.account.user)
            .field("secret", &self.account.secret)
            .field("choice", &self.choice)
            .field("chosen", &self.name())
            .finish_non_exhaustive()
    }
}
