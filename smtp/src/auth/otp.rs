//! OTP: one-time passwords that are computed from a passphrase (RFC 2444, RFC 2289).

mod chain;
mod challenge;

use std::fmt::{self, Debug};
use std::ops::RangeInclusive;
use std::task::{Context, Poll};

use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;
use chain::Chain;
use challenge::{OtpChallenge, check_seed};

/// The mechanism OTP, with the hash functions `md5` and `sha1`.
///
/// Each login uses up one password of a sequence, and the next one has the number below. The
/// passphrase does not travel, and a password that was heard is of no use afterwards. But the
/// server proves nothing, an attacker who hears a password can guess at the passphrase as fast as
/// the hash goes, and one who poses as the server can ask for a password with a low number, from
/// which all with higher numbers follow. So it is used inside verified TLS alone, and
/// [`sequences`](Self::sequences) sets the numbers that are answered.
///
/// ```text
/// C: [ authzid ] NUL user
/// S: otp-md5 499 ke1234 ext
/// C: hex:5bf075d9959d036f                       ; RFC 2444, RFC 2243 §3
/// ```
///
/// The server starts a new sequence when the client asks for it: see [`renew`](Self::renew).
///
/// ```
/// use smtp::auth::Otp;
///
/// let mut otp = Otp::new("tim", "This is a test.");
/// # fn authenticate(_: &mut Otp) {}
/// authenticate(&mut otp);
/// if otp.sequence().is_some_and(|number| number < 10) {
///     // The next login starts a new sequence of 499 passwords.
///     otp = otp.renew(499, "ke1235");
/// }
/// ```
pub struct Otp {
    user: String,
    passphrase: Secret,
    authzid: String,
    sequences: RangeInclusive<u32>,
    renewal: Option<Renewal>,
    /// The number of the password that the server asked for.
    sequence: Option<u32>,
    state: State,
}

/// A sequence that is to be started.
#[derive(Clone, Debug)]
struct Renewal {
    sequence: u32,
    seed: String,
}

/// How far an exchange has come.
enum State {
    /// The server has not asked for a password.
    Begun,
    /// The password is being computed.
    Computing(Chain, Option<NewSequence>),
    /// The password was sent.
    Answered,
    Failed,
}

/// The sequence that the answer starts: its parameters, and its password on its way.
struct NewSequence {
    parameters: String,
    chain: Chain,
}

/// Hash steps that are computed in one poll: a fraction of a millisecond.
const SLICE: u32 = 512;

/// Characters of a passphrase: they "MUST contain at least 10", and 63 is the most that every
/// server supports (RFC 2289 §6).
const PASSPHRASE: RangeInclusive<usize> = 10..=63;

/// The highest number of a password, where the caller sets none.
const MAX_SEQUENCE: u32 = 10_000;

impl Otp {
    /// Authenticates as `user`, with the passphrase of the user's one-time passwords: 10 to 63
    /// characters. Others than those of ASCII are hashed in UTF-8, and servers may differ.
    pub fn new(user: impl Into<String>, passphrase: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            passphrase: passphrase.into(),
            authzid: String::new(),
            sequences: 1..=MAX_SEQUENCE,
            renewal: None,
            sequence: None,
            state: State::Begun,
        }
    }

    /// Asks to act as another user than the one who authenticates.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = authzid.into();
        self
    }

    /// Sets the numbers of the passwords that the server may ask for: 1 to 10,000 by default, and
    /// never 0. The number is the count of hash steps too: high ones let a server that lies keep
    /// the client busy. A number far below the last one may be an attacker's.
    #[must_use]
    pub fn sequences(mut self, allowed: RangeInclusive<u32>) -> Self {
        self.sequences = allowed;
        self
    }

    /// Has the next answer start a new sequence at the server, with the same hash function and
    /// passphrase: its first password has the number `sequence - 1`. Choose a seed that was not
    /// used before: 1 to 16 letters and digits, such as two letters of the server's name and a
    /// random number.
    ///
    /// ```text
    /// init-hex:<password>:<algorithm> <sequence> <seed>:<new password>      ; RFC 2243 §4
    /// ```
    #[must_use]
    pub fn renew(mut self, sequence: u32, seed: impl Into<String>) -> Self {
        self.renewal = Some(Renewal { sequence, seed: seed.into() });
        self
    }

    /// The number of the password that the server asked for in the last exchange. When it is low,
    /// such as below 10, [`renew`](Self::renew) the sequence: number 1 is the last that can be
    /// used. `None` before the first challenge.
    pub fn sequence(&self) -> Option<u32> {
        self.sequence
    }

    fn check(&self) -> Result<(), MechanismError> {
        if self.user.is_empty() {
            return Err(MechanismError::new("`user` must not be empty"));
        }
        if self.user.contains('\0') || self.authzid.contains('\0') {
            return Err(MechanismError::new("a name holds a NUL"));
        }
        let passphrase = std::str::from_utf8(self.passphrase.expose())
            .map_err(|_| MechanismError::new("the passphrase is not UTF-8"))?;
        if !PASSPHRASE.contains(&passphrase.chars().count()) {
            return Err(MechanismError::new(
                "a passphrase of one-time passwords has 10 to 63 characters (RFC 2289 §6)",
            ));
        }
        let Some(renewal) = &self.renewal else { return Ok(()) };
        check_seed(&renewal.seed)?;
        if !(2..=*self.sequences.end()).contains(&renewal.sequence) {
            return Err(MechanismError::new(format!(
                "a new sequence begins with a number from 2 to {} (`Otp::sequences`)",
                self.sequences.end(),
            )));
        }
        Ok(())
    }

    /// Begins to compute the password, and that of the new sequence.
    fn compute(&mut self, challenge: &OtpChallenge) -> Result<State, MechanismError> {
        self.sequence = Some(challenge.sequence);
        challenge.check(&self.sequences)?;
        let OtpChallenge { algorithm, sequence, seed } = challenge;
        let passphrase = self.passphrase.expose();
        let new_sequence = match &self.renewal {
            Some(renewal) if renewal.seed.eq_ignore_ascii_case(seed) => {
                return Err(MechanismError::new(
                    "the new sequence has the seed of the old one, and would have its passwords: \
                     choose another",
                ));
            }
            Some(Renewal { sequence, seed }) => Some(NewSequence {
                parameters: format!("{} {sequence} {seed}", algorithm.name()),
                chain: Chain::new(*algorithm, seed, passphrase, *sequence),
            }),
            None => None,
        };
        Ok(State::Computing(Chain::new(*algorithm, seed, passphrase, *sequence), new_sequence))
    }

    /// ```text
    /// hex-response      = "hex:" hex-64bit                                  ; RFC 2243 §3
    /// init-hex-response = "init-hex:" hex-64bit ":" new-params ":" hex-64bit          ; §4
    /// new-params        = algorithm SPACE sequence-number SPACE seed
    /// ```
    fn answer(&mut self, chain: Chain, new_sequence: Option<NewSequence>) -> Secret {
        self.state = State::Answered;
        let password = chain.finish();
        match new_sequence {
            None => Secret::concat(&[b"hex:", password.expose()]),
            Some(NewSequence { parameters, chain }) => {
                // The same seed is never used again.
                self.renewal = None;
                let (parameters, new) = (parameters.as_bytes(), chain.finish());
                let password = password.expose();
                Secret::concat(&[b"init-hex:", password, b":", parameters, b":", new.expose()])
            }
        }
    }
}

impl Mechanism for Otp {
    fn name(&self) -> &'static str {
        "OTP"
    }

    fn reveals_secret(&self) -> bool {
        true
    }

    fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
        self.state = State::Begun;
        self.sequence = None;
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if let State::Computing(chain, new_sequence) = &mut self.state {
            let is_done = chain.compute(SLICE)
                && new_sequence.as_mut().is_none_or(|new| new.chain.compute(SLICE));
            if !is_done {
                // The other tasks of the executor have their turn between two slices.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        self.check()?;
        Ok(Some(Secret::concat(&[self.authzid.as_bytes(), b"\0", self.user.as_bytes()])))
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Begun => {
                let challenge = OtpChallenge::parse(&challenge.decode()?)?;
                self.state = self.compute(&challenge)?;
                Ok(Step::Wait)
            }
            State::Computing(chain, new_sequence) => {
                Ok(Step::Respond(self.answer(chain, new_sequence)))
            }
            State::Answered | State::Failed => Err(challenge.unexpected()),
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Answered)
    }
}

impl Debug for Otp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otp")
            .field("user", &self.user)
            .field("passphrase", &self.passphrase)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
