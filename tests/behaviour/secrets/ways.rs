//! Every way to put a secret into a command.

use std::borrow::Cow;
use std::fmt;

use smtp::auth::{AsBytes, MechanismError};
use smtp::command::{Arguments, CodePattern, CommandExchange, CommandSpec, Line, Response};
use smtp::state::{Pipelined, State, ValidIn};
use smtp::{Command, Mechanism, Reply, Secret, SmtpCommand};

use super::PASSWORD;

pub(super) fn secret() -> Secret {
    Secret::from(PASSWORD)
}

/// An alias does not hide what it is.
type Token = Secret;

fn doubled(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).repeat(2)
}

/// The ways in which a derived command can hold a secret: a form for each.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-SECRET", pipelining, valid_in(any))]
pub(super) enum Derived {
    Argument(Secret),
    Alias(Token),
    Optional(Option<Secret>),
    Repeated(Vec<Secret>),
    Parameter(#[smtp(param = "P")] Secret),
    Joined(#[smtp(param = "P", join = ",")] Vec<Secret>),
    Prefixed(#[smtp(prefix = "#")] Secret),
    Base64(#[smtp(base64)] Secret),
    Base64Parameter(#[smtp(param = "P", base64)] Option<Secret>),
    With(#[smtp(with = doubled)] Secret),
    WithAlias(#[smtp(param = "P", with = doubled, prefix = "#")] Token),
    WithEach(#[smtp(with = doubled, join = ",")] Vec<Token>),
    Text(#[smtp(text)] Secret),
    Marked(#[smtp(secret)] Password),
    MarkedXtext(#[smtp(secret, xtext, param = "P")] Password),
    MarkedBase64(#[smtp(secret, base64)] Password),
    Flattened(#[smtp(flatten)] ByHand),
    Two { first: Secret, open: u8, last: Secret },
}

/// A type that knows nothing of secrets.
pub(super) struct Password(&'static str);

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl AsBytes for Password {
    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.0.as_bytes())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// The ways in which a command that is written by hand can hold one.
#[derive(Clone, Copy, Debug)]
pub(super) enum ByHand {
    Argument,
    Parameter,
    Text,
    /// It looks at the line while it is written.
    Spying,
    /// It needs what is not there, and finds that after the secret was written.
    Failing,
}

impl Arguments for ByHand {
    fn write(&self, line: &mut Line<'_>) {
        match self {
            Self::Argument => line.arg(&secret()),
            Self::Parameter => line.param("P", &secret()),
            Self::Text | Self::Failing => line.text(&secret()),
            Self::Spying => {
                line.arg(&secret());
                let seen = format!("{line:?}");
                super::is_clean("a line", &seen);
                assert!(seen.contains("X-"), "{seen}");
            }
        }
        if matches!(self, Self::Failing) {
            line.require("X-MISSING");
        }
    }
}

impl Command for ByHand {
    type Reply = Reply;
    const SPEC: CommandSpec = CommandSpec::new("X-HAND").pipelining();

    fn encode(&self, line: &mut Line<'_>) {
        line.verb("X-HAND");
        self.write(line);
    }
}

impl<S: State> ValidIn<S> for ByHand {}
impl Pipelined for ByHand {}

pub(super) fn derived() -> Vec<Derived> {
    use Derived::*;
    vec![
        Argument(secret()),
        Alias(secret()),
        Optional(Some(secret())),
        Repeated(vec![secret(), secret()]),
        Parameter(secret()),
        Joined(vec![secret(), secret()]),
        Prefixed(secret()),
        Base64(secret()),
        Base64Parameter(Some(secret())),
        With(secret()),
        WithAlias(secret()),
        WithEach(vec![secret()]),
        Text(secret()),
        Marked(Password(PASSWORD)),
        MarkedXtext(Password(PASSWORD)),
        MarkedBase64(Password(PASSWORD)),
        Flattened(ByHand::Argument),
        Two { first: secret(), open: 1, last: secret() },
    ]
}

pub(super) const BY_HAND: [ByHand; 4] =
    [ByHand::Argument, ByHand::Parameter, ByHand::Text, ByHand::Spying];

/// Leads somewhere.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-MOVE", transition(Greeted => Greeted, Tls => Tls, Authed => Authed))]
pub(super) struct Move(pub(super) Secret);

/// Opens a transaction.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-OPEN", pipelining, transition(Idle => InTransaction))]
pub(super) struct Open(pub(super) Secret);

/// Takes the connection over.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-TAKE", consumes(Idle))]
pub(super) struct Take(pub(super) Secret);

/// Opens the message.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-DATA", content)]
pub(super) struct Content(pub(super) Secret);

/// Asks questions in return.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 334), converses, valid_in(Idle))]
pub(super) struct Ask(pub(super) Option<Secret>);

/// Asks questions, and leads somewhere.
#[derive(Debug, SmtpCommand)]
#[smtp(
    verb = "X-ASK",
    accepts(250, 334),
    converses,
    transition(Greeted => Greeted, Tls => Tls, Authed => Authed)
)]
pub(super) struct AskInto(pub(super) Option<Secret>);

/// Begins a handshake: always in clear, so the derive refuses a secret in it.
#[derive(Debug)]
pub(super) struct Handshake;

impl Command for Handshake {
    type Reply = Reply;
    const SPEC: CommandSpec = CommandSpec::new("X-TLS").accepts(&[CodePattern::Exactly(220)]);

    fn encode(&self, line: &mut Line<'_>) {
        line.verb("X-TLS");
        line.arg(&secret());
    }
}

impl smtp::state::Upgrade for Handshake {}

/// Answers every question with a secret, as a line or in base64.
#[derive(Debug)]
pub(super) struct Answers(pub(super) fn(Secret) -> Response);

impl CommandExchange for Answers {
    fn answer(&mut self, _: usize, _: &Reply) -> Result<Response, MechanismError> {
        Ok((self.0)(secret()))
    }
}

/// A mechanism that does not say that it reveals its secret.
#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "X-FIRST", initial = "{0}")]
pub(super) struct SpeaksFirst(pub(super) Token);

/// The same, answering.
#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "X-ANSWER", respond("{0}"))]
pub(super) struct Answering(pub(super) Option<Token>);

pub(super) fn mechanisms() -> [Box<dyn Mechanism>; 6] {
    [
        Box::new(smtp::Plain::new("me", PASSWORD)),
        Box::new(smtp::Login::new("me", PASSWORD)),
        Box::new(smtp::auth::XOauth2::new("me", PASSWORD)),
        Box::new(smtp::auth::OAuthBearer::new("me", PASSWORD)),
        Box::new(SpeaksFirst(secret())),
        Box::new(Answering(Some(secret()))),
    ]
}
