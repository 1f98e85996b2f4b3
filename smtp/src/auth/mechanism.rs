//! The trait of mechanisms: an initial response, and a response to each challenge (RFC 4422 §5).
//!
//! A mechanism does no I/O and knows no runtime. The connection frames its responses for SMTP (RFC
//! 4954): base64, the initial response that does not fit, cancelling. The connection also waits: a
//! mechanism says when it is ready, as a future does.

use std::fmt::{self, Debug};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::facts::Facts;
use super::refused::{AfterRefusal, RefusedAuth};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// An authentication mechanism with the credentials it is to use.
///
/// It is object safe: `&mut dyn Mechanism` and `Box<dyn Mechanism>` authenticate as well as a
/// concrete type.
///
/// # Order of the calls
///
/// | what happens | calls |
/// |---|---|
/// | the exchange begins | `begin`, then `name` and `reveals_secret` |
/// | nothing was sent | `poll_ready` until it is ready, then `initial_response`, and `is_one_round` where commands are to follow |
/// | the server sends a challenge | `poll_ready` until it is ready, then `respond` |
/// | the response takes work that depends on the challenge | `respond` gives [`Step::Wait`]; `poll_ready` until it is ready, then `respond` again |
/// | the server claims success | `is_complete` |
/// | the server refuses | `refused`, and `begin` where that asks to begin again |
///
/// A value may be used for a second exchange, which starts again with `begin`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an authentication mechanism",
    label = "not a SASL mechanism",
    note = "derive it: `#[derive(SmtpCommand)] #[smtp(mechanism = \"X-TOKEN\", initial = \"{{token}}\", reveals_secret)]`"
)]
pub trait Mechanism: Send {
    /// The mechanism's name, as EHLO lists it: `PLAIN`.
    fn name(&self) -> &str;

    /// Whether the server, or an attacker that poses as it, learns something with which it could
    /// authenticate elsewhere. Such a mechanism is used inside verified TLS alone.
    fn reveals_secret(&self) -> bool;

    /// Begins an exchange on a connection of which these are the facts. A mechanism of several
    /// names chooses one here: [`name`](Self::name) and [`reveals_secret`](Self::reveals_secret)
    /// are asked afterwards. By default nothing is done.
    ///
    /// # Errors
    ///
    /// When the mechanism cannot be used on this connection. Then nothing is sent.
    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        let _ = facts;
        Ok(())
    }

    /// Whether the next response can be made. It is asked before the initial response and before
    /// each answer to a challenge, and by default it is ready.
    ///
    /// As in any `poll`, a mechanism that is not ready leaves the waker to whatever will make it
    /// ready, such as the task that fetches a token. One that computes for long does it in slices:
    /// it computes for a millisecond or so, wakes the waker itself and returns `Pending`, so that
    /// other tasks run meanwhile. It may be polled more often than it was woken, and is not polled
    /// again between being ready and the response.
    ///
    /// Meanwhile the connection is read: a server that closes it ends the exchange. All of the
    /// waiting for one response, the first too, must be done within
    /// [`Timeouts::auth`](crate::connect::Timeouts::auth).
    ///
    /// # Errors
    ///
    /// When there will be no response. Then nothing is sent, or the exchange is cancelled when AUTH
    /// was sent already.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// The initial response, where the client begins. An empty response and none are different
    /// things (RFC 4954 §4).
    ///
    /// # Errors
    ///
    /// When the credentials cannot be written in this mechanism. Then nothing is sent.
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError>;

    /// Answers a challenge.
    ///
    /// # Errors
    ///
    /// When the challenge is not one of this mechanism, or proves that the server is not the one
    /// it claims to be. The exchange is then cancelled.
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError>;

    /// Learns that the server has refused, and says what follows: by default, the refusal is the
    /// result. A mechanism of several names may go on with another; one whose token was refused may
    /// fetch a new one, once.
    fn refused(&mut self, refused: &RefusedAuth<'_>) -> AfterRefusal {
        let _ = refused;
        AfterRefusal::Stop
    }

    /// Whether AUTH is sent only to a server that lists the mechanism, as it is by default.
    fn must_be_listed(&self) -> bool {
        true
    }

    /// Whether the server may claim success now. A mechanism that authenticates the server too
    /// says no until it has verified it.
    fn is_complete(&self) -> bool {
        true
    }

    /// Whether a server that accepts asks nothing: AUTH with the initial response is answered with
    /// success or a refusal. Only then may commands follow AUTH before its reply
    /// ([`Submission::pipeline_auth`](crate::Submission::pipeline_auth)). It is asked after
    /// [`initial_response`](Self::initial_response). By default it is not so, which is always safe.
    fn is_one_round(&self) -> bool {
        false
    }
}

/// The next step of a mechanism.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Sends this response. It may be empty.
    Respond(Secret),
    /// Waits: the response to this challenge takes work, or something from elsewhere. Once
    /// [`poll_ready`](Mechanism::poll_ready) is ready, [`respond`](Mechanism::respond) is called
    /// again with the same challenge, and must then have the response.
    Wait,
}

impl From<Secret> for Step {
    fn from(response: Secret) -> Self {
        Self::Respond(response)
    }
}

/// A challenge of the server: the text after 334.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    index: usize,
    text: &'a [u8],
}

impl<'a> Challenge<'a> {
    /// The challenge number `index`, counted from 0, with this text after its code.
    pub fn new(index: usize, text: &'a [u8]) -> Self {
        Self { index, text }
    }

    /// How many challenges came before. The empty one that asks for an initial response is not
    /// counted.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The text as it came. Some mechanisms begin with a prompt that is not base64.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The bytes of the challenge.
    ///
    /// # Errors
    ///
    /// When the text is not base64: strict alphabet, padded, no line breaks (RFC 4954 §4).
    pub fn decode(&self) -> Result<Vec<u8>, MechanismError> {
        STANDARD
            .decode(self.text)
            .map_err(|_| MechanismError::new("the server's challenge is not base64"))
    }

    /// The error of a mechanism that has nothing more to say.
    pub fn unexpected(&self) -> MechanismError {
        MechanismError::new("the server asks for more than this mechanism has to say")
    }
}

impl Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("index", &self.index)
            .field("bytes", &self.text.len())
            .finish()
    }
}
