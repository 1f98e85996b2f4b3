//! Credentials: a password or a token, and the choice of a mechanism for it.

use std::fmt::{self, Debug, Write as _};
use std::task::{Context, Poll};

use super::facts::Facts;
use super::login::Login;
use super::mechanism::{Challenge, Mechanism, Step};
use super::oauthbearer::OAuthBearer;
use super::plain::Plain;
#[cfg(feature = "scram")]
use super::scram::{ChannelBinding, Scram, ScramHash, Sha1, Sha224, Sha256, Sha384, Sha512};
use super::xoauth2::XOauth2;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// A password or a token, with which the strongest mechanism that the server offers is used.
///
/// | credentials | mechanisms, the strongest first |
/// |---|---|
/// | [`password`](Self::password) | SCRAM-SHA-512-PLUS, -384-PLUS, -256-PLUS, -224-PLUS, -1-PLUS, the same without -PLUS, PLAIN, LOGIN |
/// | [`token`](Self::token) | OAUTHBEARER, XOAUTH2 |
///
/// PLAIN, LOGIN and those of a token reveal the secret, so they are chosen inside verified TLS
/// alone, or through the door named `dangerous`. A mechanism that has failed is followed by no
/// other: a weaker one might be what an attacker waits for.
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
    user: String,
    secret: Secret,
    is_token: bool,
    least: Strength,
    only: Option<String>,
    excluded: Vec<String>,
    chosen: Option<Box<dyn Mechanism>>,
}

/// The protection that a mechanism gives, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Strength {
    /// The secret reaches the server, inside TLS.
    #[default]
    Reveals,
    /// The secret is proved and not revealed, and the server proves that it knows it.
    Proof,
    /// The proof is bound to the TLS session too, so that no third side can pass it on.
    BoundProof,
}

/// A mechanism that may be chosen.
struct Candidate {
    name: &'static str,
    strength: Strength,
    make: fn(&Credentials, &Facts<'_>) -> Box<dyn Mechanism>,
}

#[cfg(feature = "scram")]
fn bound<H: ScramHash>(own: &Credentials, _: &Facts<'_>) -> Box<dyn Mechanism> {
    Box::new(Scram::<H>::new(own.user.as_str(), own.secret.clone()))
}

/// Where -PLUS is offered and was not chosen, the caller does not want it: the client says that it
/// cannot bind, because a server that could refuses one that says it is not offered (RFC 5802 §6).
#[cfg(feature = "scram")]
fn unbound<H: ScramHash>(own: &Credentials, facts: &Facts<'_>) -> Box<dyn Mechanism> {
    let scram = Scram::<H>::new(own.user.as_str(), own.secret.clone());
    let is_offered = facts.mechanisms().has(H::PLUS);
    Box::new(if is_offered { scram.channel_binding(ChannelBinding::Off) } else { scram })
}

/// In the order of their strength.
const OF_PASSWORDS: &[Candidate] = &[
    #[cfg(feature = "scram")]
    Candidate { name: Sha512::PLUS, strength: Strength::BoundProof, make: bound::<Sha512> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha384::PLUS, strength: Strength::BoundProof, make: bound::<Sha384> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha256::PLUS, strength: Strength::BoundProof, make: bound::<Sha256> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha224::PLUS, strength: Strength::BoundProof, make: bound::<Sha224> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha1::PLUS, strength: Strength::BoundProof, make: bound::<Sha1> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha512::NAME, strength: Strength::Proof, make: unbound::<Sha512> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha384::NAME, strength: Strength::Proof, make: unbound::<Sha384> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha256::NAME, strength: Strength::Proof, make: unbound::<Sha256> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha224::NAME, strength: Strength::Proof, make: unbound::<Sha224> },
    #[cfg(feature = "scram")]
    Candidate { name: Sha1::NAME, strength: Strength::Proof, make: unbound::<Sha1> },
    Candidate {
        name: "PLAIN",
        strength: Strength::Reveals,
        make: |own, _| Box::new(Plain::new(own.user.as_str(), own.secret.clone())),
    },
    Candidate {
        name: "LOGIN",
        strength: Strength::Reveals,
        make: |own, _| Box::new(Login::new(own.user.as_str(), own.secret.clone())),
    },
];

const OF_TOKENS: &[Candidate] = &[
    Candidate {
        name: "OAUTHBEARER",
        strength: Strength::Reveals,
        make: |own, _| Box::new(OAuthBearer::new(own.user.as_str(), own.secret.clone())),
    },
    Candidate {
        name: "XOAUTH2",
        strength: Strength::Reveals,
        make: |own, _| Box::new(XOauth2::new(own.user.as_str(), own.secret.clone())),
    },
];

impl Credentials {
    /// A user's password.
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::new(user.into(), password.into(), false)
    }

    /// An OAuth 2.0 access token for a user.
    pub fn token(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self::new(user.into(), token.into(), true)
    }

    fn new(user: String, secret: Secret, is_token: bool) -> Self {
        let least = Strength::default();
        Self { user, secret, is_token, least, only: None, excluded: Vec::new(), chosen: None }
    }

    /// Uses no mechanism that is weaker.
    #[must_use]
    pub fn at_least(mut self, strength: Strength) -> Self {
        self.least = strength;
        self
    }

    /// Uses this mechanism alone, by its name.
    #[must_use]
    pub fn only(mut self, name: impl Into<String>) -> Self {
        self.only = Some(name.into());
        self
    }

    /// Does not use this mechanism, by its name.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.excluded.push(name.into());
        self
    }

    /// Why a mechanism is not used on this connection, if it is not.
    fn obstacle(&self, candidate: &Candidate, facts: &Facts<'_>) -> Option<&'static str> {
        let is = |name: &String| name.eq_ignore_ascii_case(candidate.name);
        if !facts.mechanisms().has(candidate.name) {
            return Some("not offered");
        }
        if self.only.as_ref().is_some_and(|only| !is(only)) {
            return Some("another was named");
        }
        if self.excluded.iter().any(is) {
            return Some("excluded");
        }
        if candidate.strength < self.least {
            return Some("weaker than asked for");
        }
        match candidate.strength {
            Strength::Reveals if !facts.may_reveal() => {
                Some("it reveals the secret, and the server is not verified")
            }
            #[cfg(feature = "scram")]
            Strength::BoundProof if !facts.binds_by_itself() => {
                Some("the connection cannot be bound")
            }
            _ => None,
        }
    }

    /// The error where no mechanism fits: each that is known, and why it does not.
    fn nothing_fits(&self, facts: &Facts<'_>) -> MechanismError {
        // Writing to a String cannot fail.
        let offered: Vec<&str> = facts.mechanisms().names().collect();
        let mut text = match &*offered {
            [] => "no mechanism fits, because the server offers none".to_owned(),
            some => format!("no mechanism fits: the server offers {}", some.join(", ")),
        };
        for candidate in self.candidates().iter().filter(|one| facts.mechanisms().has(one.name)) {
            if let Some(why) = self.obstacle(candidate, facts) {
                let _ = write!(text, "; {}: {why}", candidate.name);
            }
        }
        let known: Vec<&str> = self.candidates().iter().map(|one| one.name).collect();
        let _ = write!(text, "; these credentials know {}", known.join(", "));
        if facts.security().is_none() {
            text.push_str("; the server may offer more after STARTTLS");
        }
        MechanismError::new(text)
    }

    fn candidates(&self) -> &'static [Candidate] {
        if self.is_token { OF_TOKENS } else { OF_PASSWORDS }
    }

    fn chosen(&mut self) -> Result<&mut Box<dyn Mechanism>, MechanismError> {
        self.chosen.as_mut().ok_or_else(|| MechanismError::new("the exchange has not begun"))
    }
}

impl Mechanism for Credentials {
    fn name(&self) -> &str {
        self.chosen.as_ref().map_or("", |chosen| chosen.name())
    }

    fn reveals_secret(&self) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.reveals_secret())
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        self.chosen = None;
        let fits = |candidate: &&Candidate| self.obstacle(candidate, facts).is_none();
        let Some(candidate) = self.candidates().iter().find(fits) else {
            return Err(self.nothing_fits(facts));
        };
        let mut chosen = (candidate.make)(self, facts);
        chosen.begin(facts)?;
        self.chosen = Some(chosen);
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        match self.chosen() {
            Ok(chosen) => chosen.poll_ready(cx),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        self.chosen()?.initial_response()
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.chosen()?.respond(challenge)
    }

    fn is_complete(&self) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen.is_complete())
    }
}

impl Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("secret", &self.secret)
            .field("least", &self.least)
            .field("only", &self.only)
            .field("chosen", &self.name())
            .finish_non_exhaustive()
    }
}
