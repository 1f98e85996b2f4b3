//! SCRAM: a proof of the password, which the server proves back (RFC 5802, RFC 7677).
//!
//! The server learns nothing with which it could authenticate elsewhere, and one that does not know
//! the password cannot pose as the server. The -PLUS forms bind the proof to the TLS session.
//!
//! | file | what it holds |
//! |---|---|
//! | [`hash`] | the hash functions, one mechanism each |
//! | [`prepare`] | `SASLprep` |
//! | [`message`] | the messages of both sides |
//! | [`pbkdf2`] | the salted password, computed in slices |
//! | [`exchange`] | the proof, and the check of the server's |

mod exchange;
mod hash;
mod message;
mod pbkdf2;
mod prepare;

use std::fmt::{self, Debug};
use std::ops::RangeInclusive;
use std::task::{Context, Poll};

use zeroize::Zeroizing;

pub use hash::{ScramHash, Sha1, Sha224, Sha256, Sha384, Sha512};

use super::binding::{ChannelBinding, Chosen};
use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::nonce;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;
use exchange::{ClientFinal, Exchange};
use message::ClientFirst;

/// The mechanism SCRAM-SHA-1 (RFC 5802).
pub type ScramSha1 = Scram<Sha1>;
/// The mechanism SCRAM-SHA-224.
pub type ScramSha224 = Scram<Sha224>;
/// The mechanism SCRAM-SHA-256 (RFC 7677).
pub type ScramSha256 = Scram<Sha256>;
/// The mechanism SCRAM-SHA-384.
pub type ScramSha384 = Scram<Sha384>;
/// The mechanism SCRAM-SHA-512 (draft-melnikov-scram-sha-512).
pub type ScramSha512 = Scram<Sha512>;

/// A SCRAM mechanism of the hash function `H`, and its -PLUS form.
///
/// -PLUS is used where the connection can be bound and the server offers it. Where the connection
/// could be bound and the server does not offer it, the client says so, and a server that does
/// offer it notices that an attacker has removed it from the list (RFC 5802 §6).
///
/// ```
/// use smtp::auth::{ChannelBinding, ScramSha256};
///
/// let mut scram = ScramSha256::new("me@example.com", "pencil");
/// // Or: never without a proof that is bound to the TLS session.
/// let mut bound = ScramSha256::new("me@example.com", "pencil")
///     .channel_binding(ChannelBinding::Required);
/// ```
///
/// ```text
/// C: n,,n=user,r=nonce
/// S: r=nonce and the server's,s=salt,i=iterations
/// C: c=biws,r=nonces,p=proof
/// S: v=the server's proof                                   ; RFC 5802 §5
/// ```
pub struct Scram<H: ScramHash> {
    user: String,
    password: Secret,
    authzid: String,
    iterations: RangeInclusive<u32>,
    binding: ChannelBinding,
    chosen: Option<Chosen>,
    /// The client's nonce of the next exchange; drawn at random where none is set.
    nonce: Option<String>,
    state: State<H>,
}

/// How far an exchange has come.
enum State<H: ScramHash> {
    /// Nothing was said.
    Begun,
    /// The server is to answer this.
    First(ClientFirst),
    /// The salted password is being computed.
    Computing(Box<Exchange<H>>),
    /// The server is to prove that it knows the password.
    Final(ClientFinal),
    /// It has.
    Verified,
    /// The exchange has failed.
    Failed,
}

/// Rounds of the iterated hash that are computed in one poll: a fraction of a millisecond.
const SLICE: u32 = 256;

impl<H: ScramHash> Scram<H> {
    /// Authenticates as `user`.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
            authzid: String::new(),
            iterations: 4096..=1_000_000,
            binding: ChannelBinding::Automatic,
            chosen: None,
            nonce: None,
            state: State::Begun,
        }
    }

    /// Asks to act as another user than the one who authenticates.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = authzid.into();
        self
    }

    /// Sets how many iterations the server may ask for: 4096 (RFC 7677 §4) to 1,000,000 by default.
    /// Fewer make the password easier to guess for who hears the exchange; more let a server that
    /// lies keep the client busy.
    #[must_use]
    pub fn iterations(mut self, allowed: RangeInclusive<u32>) -> Self {
        self.iterations = allowed;
        self
    }

    /// Sets how the authentication is bound to the TLS session.
    #[must_use]
    pub fn channel_binding(mut self, binding: ChannelBinding) -> Self {
        self.binding = binding;
        self
    }

    /// The password as it is hashed.
    fn prepared(&self) -> Result<Zeroizing<String>, MechanismError> {
        if self.password.expose().is_empty() {
            return Err(MechanismError::new("`password` must not be empty"));
        }
        prepare::saslprep(self.password.expose())
            .map_err(|why| MechanismError::new(format!("the password {why}")))
    }

    /// Begins with this nonce, as the samples do.
    #[cfg(test)]
    pub(super) fn with_nonce(mut self, nonce: &str) -> Self {
        self.nonce = Some(nonce.to_owned());
        self
    }
}

impl<H: ScramHash> Mechanism for Scram<H> {
    fn name(&self) -> &str {
        match &self.chosen {
            Some(chosen) if chosen.is_bound() => H::PLUS,
            _ => H::NAME,
        }
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        self.state = State::Begun;
        self.chosen = Some(self.binding.choose(facts, H::PLUS)?);
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if let State::Computing(exchange) = &mut self.state
            && !exchange.compute(SLICE)
        {
            // The other tasks of the executor have their turn between two slices.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        // Before anything is sent; it is not kept.
        self.prepared()?;
        let nonce = match self.nonce.take() {
            Some(nonce) => nonce,
            None => nonce::random()?,
        };
        // Outside of a connection nothing was chosen.
        let header = self.chosen.as_ref().unwrap_or(&Chosen::Cannot).header(&self.authzid)?;
        let first = ClientFirst::new(header, &self.user, nonce)?;
        let message = first.message();
        self.state = State::First(first);
        Ok(Some(message))
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::First(first) => {
                let text = challenge.decode()?;
                let server = first.read(&text, &self.iterations)?;
                let exchange = Exchange::new(first, &text, server, &self.prepared()?);
                self.state = State::Computing(Box::new(exchange));
                Ok(Step::Wait)
            }
            State::Computing(mut exchange) => {
                let bound =
                    self.chosen.as_ref().map_or_else(|| Ok(Secret::default()), Chosen::data)?;
                let (message, expected) = exchange.finish(&bound);
                self.state = State::Final(expected);
                Ok(Step::Respond(message))
            }
            State::Final(expected) => {
                expected.verify(&challenge.decode()?)?;
                self.state = State::Verified;
                Ok(Step::Respond(Secret::default()))
            }
            State::Begun | State::Verified | State::Failed => Err(challenge.unexpected()),
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Verified)
    }
}

impl<H: ScramHash> Debug for Scram<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Begun => "begun",
            State::First(_) => "waits for the salt",
            State::Computing(_) => "computes",
            State::Final(_) => "waits for the server's proof",
            State::Verified => "verified",
            State::Failed => "failed",
        };
        f.debug_struct(self.name())
            .field("user", &self.user)
            .field("password", &self.password)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
