//! A failed command after which the session is still usable.

mod subject;

use std::fmt::{self, Display};
use std::io;
use std::sync::Arc;

use smtp_grammar::{EnhancedStatusCode, Reply};

use super::auth_problem::AuthProblem;
use super::blame::Blame;
use super::checkpoint::CheckpointError;
use super::lmtp::LmtpError;
use super::mechanism::MechanismError;
use super::token::TokenError;
use crate::proto::attempt::{Attempt, Listed};
use crate::proto::content::ContentError;
use crate::proto::line::EncodeError;

/// Why a command did not succeed, although the session goes on: the server refused it, or it was
/// never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    command: &'static str,
    kind: Box<RefusalKind>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RefusalKind {
    Reply(Reply),
    /// The session, after other addresses of the server had been tried in vain.
    Session {
        reply: Reply,
        tried: Vec<Attempt>,
    },
    Explained {
        reply: Reply,
        hint: Box<str>,
        cause: Option<MechanismError>,
    },
    Encode(EncodeError),
    Content(ContentError),
    NotTried(MechanismError),
    GaveUp {
        error: MechanismError,
        blame: Blame,
        reply: Option<Reply>,
    },
    MechanismNotOffered {
        name: Box<str>,
        offered: Vec<String>,
        is_secure: bool,
    },
    Insecure {
        mechanism: Box<str>,
    },
    TooLarge {
        bytes: u64,
        limit: u64,
    },
    NoRecipients,
    Lmtp(LmtpError),
    Policy {
        transient: bool,
    },
    Exhausted {
        limit: u64,
    },
    Transactions {
        limit: usize,
    },
    NotWhole {
        most: usize,
        recipients: usize,
    },
    Body(BodyFailure),
    NotRepeatable {
        reply: Reply,
    },
}

/// An error of a message's source. Clones are the same error.
#[derive(Clone, Debug)]
struct BodyFailure(Arc<io::Error>);

impl PartialEq for BodyFailure {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for BodyFailure {}

impl Refusal {
    /// Stands for a command where the message was refused, after its final dot.
    pub const END_OF_DATA: &'static str = "end of data";

    /// Stands for a command where the session was refused, with the greeting.
    pub const GREETING: &'static str = "greeting";

    pub(crate) fn by_server(command: &'static str, reply: Reply) -> Self {
        Self::new(command, RefusalKind::Reply(reply))
    }

    /// The same, of a greeting, with the other addresses that were tried before it or after it.
    pub(crate) fn with_attempts(self, tried: Vec<Attempt>) -> Self {
        match *self.kind {
            RefusalKind::Reply(reply) if self.command == Self::GREETING && !tried.is_empty() => {
                Self::new(self.command, RefusalKind::Session { reply, tried })
            }
            kind => Self::new(self.command, kind),
        }
    }

    /// The server refused AUTH, and the mechanism says more.
    pub(crate) fn explained(reply: Reply, hint: Box<str>) -> Self {
        Self::new("AUTH", RefusalKind::Explained { reply, hint, cause: None })
    }

    /// The server refused AUTH, and the mechanism could not begin again.
    pub(crate) fn not_tried_again(reply: Reply, then: Self) -> Self {
        let (why, cause) = match *then.kind {
            RefusalKind::NotTried(error) | RefusalKind::GaveUp { error, .. } => {
                (error.to_string(), Some(error))
            }
            _ => (then.to_string(), None),
        };
        let hint = format!("it was not tried again: {why}").into();
        Self::new("AUTH", RefusalKind::Explained { reply, hint, cause })
    }

    pub(crate) fn encode(command: &'static str, error: EncodeError) -> Self {
        Self::new(command, RefusalKind::Encode(error))
    }

    pub(crate) fn content(error: ContentError) -> Self {
        Self::new("MAIL", RefusalKind::Content(error))
    }

    /// The mechanism could not begin: AUTH was not sent.
    pub(crate) fn not_tried(error: MechanismError) -> Self {
        Self::new("AUTH", RefusalKind::NotTried(error))
    }

    /// The mechanism could not go on. `reply` is what the server said when it was told.
    pub(crate) fn gave_up(error: MechanismError, blame: Blame, reply: Option<Reply>) -> Self {
        Self::new("AUTH", RefusalKind::GaveUp { error, blame, reply })
    }

    /// `is_secure` says that the session is inside TLS.
    pub(crate) fn mechanism_not_offered(name: &str, offered: Vec<String>, is_secure: bool) -> Self {
        let name = name.into();
        Self::new("AUTH", RefusalKind::MechanismNotOffered { name, offered, is_secure })
    }

    pub(crate) fn insecure(mechanism: &str) -> Self {
        Self::new("AUTH", RefusalKind::Insecure { mechanism: mechanism.into() })
    }

    pub(crate) fn too_large(bytes: u64, limit: u64) -> Self {
        Self::new("MAIL", RefusalKind::TooLarge { bytes, limit })
    }

    /// LMTP does not allow it.
    pub(crate) fn lmtp(command: &'static str, error: LmtpError) -> Self {
        Self::new(command, RefusalKind::Lmtp(error))
    }

    pub(crate) fn no_recipients() -> Self {
        Self::new("RCPT", RefusalKind::NoRecipients)
    }

    /// `transient` says that one of the recipients may be accepted another time.
    pub(crate) fn by_policy(transient: bool) -> Self {
        Self::new("DATA", RefusalKind::Policy { transient })
    }

    pub(crate) fn exhausted(limit: u64) -> Self {
        Self::new("MAIL", RefusalKind::Exhausted { limit })
    }

    pub(crate) fn too_many_transactions(limit: usize) -> Self {
        Self::new("MAIL", RefusalKind::Transactions { limit })
    }

    /// The server takes `most` of the recipients in one transaction, and the message must have all.
    pub(crate) fn not_whole(most: usize, recipients: usize) -> Self {
        Self::new("MAIL", RefusalKind::NotWhole { most, recipients })
    }

    /// The server takes no message in one flight with the one before, and the source of this one
    /// has been read.
    pub(crate) fn not_repeatable(reply: Reply) -> Self {
        Self::new("MAIL", RefusalKind::NotRepeatable { reply })
    }

    pub(crate) fn body(error: io::Error) -> Self {
        Self::new("MAIL", RefusalKind::Body(BodyFailure(Arc::new(error))))
    }

    fn new(command: &'static str, kind: RefusalKind) -> Self {
        Self { command, kind: Box::new(kind) }
    }

    /// The verb of the command; [`END_OF_DATA`](Self::END_OF_DATA) when it is the message itself,
    /// [`GREETING`](Self::GREETING) when it is the session.
    pub fn command(&self) -> &'static str {
        // The rest of `MAIL FROM:` after the verb is no part of it.
        match self.command.split_once(' ') {
            Some((verb, rest)) if rest.ends_with(':') => verb,
            _ => self.command,
        }
    }

    /// Whether it answers RCPT.
    pub(crate) fn is_of_recipient(&self) -> bool {
        self.command() == "RCPT"
    }

    /// The server's reply. None when the command was never sent.
    pub fn reply(&self) -> Option<&Reply> {
        match &*self.kind {
            RefusalKind::Reply(reply)
            | RefusalKind::Session { reply, .. }
            | RefusalKind::Explained { reply, .. }
            | RefusalKind::NotRepeatable { reply } => Some(reply),
            RefusalKind::GaveUp { reply, .. } => reply.as_ref(),
            _ => None,
        }
    }

    /// The other addresses of the server that were tried, where one of them refused the session.
    pub fn attempts(&self) -> &[Attempt] {
        match &*self.kind {
            RefusalKind::Session { tried, .. } => tried,
            _ => &[],
        }
    }

    /// How many bytes of the message the server has already from an earlier session, where it says
    /// so in answer to MAIL with a [`TransactionId`](crate::extension::TransactionId) (355,
    /// RFC 1845 §4). Nothing was sent of the message in this one: by a call that does not go on by
    /// itself, or because the rest [cannot follow](crate::error::CheckpointError).
    pub fn checkpoint(&self) -> Option<u64> {
        if let Some(error) = self.body_error().and_then(io::Error::get_ref) {
            return error.downcast_ref().map(CheckpointError::offset);
        }
        let reply = self.reply().filter(|reply| reply.code().value() == 355)?;
        reply.text().split(' ').next()?.parse().ok()
    }

    /// The enhanced status code (RFC 3463): that of the server's reply, where it has one, or the
    /// one that a report about the message should have, where this side refused it and a code says
    /// why.
    ///
    /// | code | refused by this side because |
    /// |---|---|
    /// | 5.3.4 | the message is larger than the server takes |
    /// | 5.6.0, 5.6.3, 5.6.9 | of its content: see [`ContentError::enhanced`] |
    /// | 5.6.3, 5.6.7, 5.7.10, 5.7.30 | a command could not be written: see [`EncodeError::enhanced`] |
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        match &*self.kind {
            RefusalKind::Encode(error) => error.enhanced(),
            RefusalKind::Content(error) => error.enhanced(),
            RefusalKind::TooLarge { .. } => EnhancedStatusCode::new(5, 3, 4),
            _ => self.reply().and_then(Reply::enhanced),
        }
    }

    /// Why the server refused AUTH, where its codes say so. None where the exchange was cancelled:
    /// the reply then answers the cancelling.
    pub fn auth_problem(&self) -> Option<AuthProblem> {
        match &*self.kind {
            RefusalKind::Explained { reply, .. } => AuthProblem::of(reply),
            RefusalKind::Reply(reply) if self.command == "AUTH" => AuthProblem::of(reply),
            _ => None,
        }
    }

    /// Why there was no token to authenticate with, where that is the reason.
    pub fn token_error(&self) -> Option<&TokenError> {
        match &*self.kind {
            RefusalKind::NotTried(error)
            | RefusalKind::GaveUp { error, .. }
            | RefusalKind::Explained { cause: Some(error), .. } => error.token_error(),
            _ => None,
        }
    }

    /// Why the command could not be written, when it could not.
    pub fn encode_error(&self) -> Option<&EncodeError> {
        match &*self.kind {
            RefusalKind::Encode(error) => Some(error),
            _ => None,
        }
    }

    /// Why the message cannot be sent as it is to this server, where that is the reason.
    pub fn content_error(&self) -> Option<&ContentError> {
        match &*self.kind {
            RefusalKind::Content(error) => Some(error),
            _ => None,
        }
    }

    /// The rule of LMTP that forbids it, where one does.
    pub fn lmtp_error(&self) -> Option<LmtpError> {
        match *self.kind {
            RefusalKind::Lmtp(error) => Some(error),
            _ => None,
        }
    }

    /// The error of the message's source, where it failed and the session goes on.
    pub fn body_error(&self) -> Option<&io::Error> {
        match &*self.kind {
            RefusalKind::Body(BodyFailure(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether the server had no part in it: the command would have been wrong, or unsafe.
    pub fn is_local(&self) -> bool {
        !matches!(
            *self.kind,
            RefusalKind::Reply(_)
                | RefusalKind::Session { .. }
                | RefusalKind::Explained { .. }
                | RefusalKind::NotRepeatable { .. }
                | RefusalKind::GaveUp { .. }
        )
    }

    /// Whether the same command may succeed later: the server says so (4yz), another connection is
    /// all that it needs, or there was no token and there may be one later.
    pub fn is_transient(&self) -> bool {
        match &*self.kind {
            RefusalKind::Exhausted { .. }
            | RefusalKind::Transactions { .. }
            | RefusalKind::NotRepeatable { .. } => true,
            RefusalKind::Policy { transient } => *transient,
            // A 535 to a token that had expired says nothing, where a new one may come later.
            _ if self.token_error().is_some_and(TokenError::is_transient) => true,
            _ => self.reply().is_some_and(|reply| reply.code().is_transient()),
        }
    }

    /// Whether the server says that the same command will not succeed (5yz), or it was never sent.
    pub fn is_permanent(&self) -> bool {
        !self.is_transient()
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match &*self.kind {
            RefusalKind::Reply(_)
            | RefusalKind::Session { .. }
            | RefusalKind::Explained { .. }
            | RefusalKind::MechanismNotOffered { .. }
            | RefusalKind::Exhausted { .. }
            | RefusalKind::Transactions { .. }
            | RefusalKind::NotRepeatable { .. }
            | RefusalKind::Policy { .. } => Blame::Server,
            RefusalKind::GaveUp { blame, .. } => *blame,
            _ => Blame::Caller,
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.command();
        match &*self.kind {
            RefusalKind::Reply(reply) if self.command == Self::END_OF_DATA => {
                write!(f, "the server refused the message: {reply}")
            }
            RefusalKind::Reply(reply) if self.command == Self::GREETING => {
                write!(f, "the server refused the session: {reply}")
            }
            RefusalKind::Session { reply, tried } => {
                write!(f, "the server refused the session: {reply}")?;
                write!(f, "; the other addresses: {}", Listed(tried))
            }
            RefusalKind::Reply(reply) if self.checkpoint().is_some() => write!(
                f,
                "the server has a part of the message already: send the rest of it with commands of \
                 your own, or all of it with another `TransactionId` ({reply}, RFC 1845)"
            ),
            RefusalKind::Reply(reply) => {
                write!(f, "the server refused {command}: {reply}")?;
                self.auth_problem().map_or(Ok(()), |problem| write!(f, "; {}", problem.advice()))
            }
            RefusalKind::Explained { reply, hint, cause } => {
                write!(f, "the server refused {command}: {reply}")?;
                if let (None, Some(problem)) = (cause, self.auth_problem()) {
                    write!(f, "; {}", problem.advice())?;
                }
                write!(f, "; {hint}")
            }
            RefusalKind::Encode(error) => write!(f, "{command} was not sent: {error}"),
            RefusalKind::Content(error) => Display::fmt(error, f),
            RefusalKind::Lmtp(error) => Display::fmt(error, f),
            RefusalKind::NotTried(error) => write!(f, "authentication was not tried: {error}"),
            RefusalKind::GaveUp { error, reply: None, .. } => {
                write!(f, "authentication was given up: {error}")
            }
            RefusalKind::GaveUp { error, reply: Some(reply), .. } => {
                write!(f, "authentication was given up: {error} (the server: {reply})")
            }
            RefusalKind::MechanismNotOffered { name, offered, .. } if !offered.is_empty() => {
                write!(
                    f,
                    "the server does not offer the authentication mechanism {name}: it offers {}",
                    offered.join(", ")
                )
            }
            RefusalKind::MechanismNotOffered { name, is_secure: true, .. } => write!(
                f,
                "authentication with {name} was not tried, because the server offers none: use \
                 its port for submission (587 or 465), or send without authentication"
            ),
            RefusalKind::MechanismNotOffered { name, is_secure: false, .. } => write!(
                f,
                "authentication with {name} was not tried, because the server offers none: it may \
                 offer AUTH only after STARTTLS"
            ),
            RefusalKind::Insecure { mechanism } => write!(
                f,
                "{mechanism} would reveal the secret and the server is not verified: use TLS with \
                 verification, or a mechanism that reveals nothing; if you accept that anyone can \
                 take the server's place, call `submission.dangerous().auth(..)`, or \
                 `connection.dangerous().authenticate(..)`"
            ),
            RefusalKind::TooLarge { bytes, limit } => write!(
                f,
                "the message has {bytes} bytes and the server takes {limit} at most (RFC 1870)"
            ),
            RefusalKind::Policy { .. } => f.write_str(
                "the recipients that the server accepted are not those that the policy asks for: \
                 the message was not sent",
            ),
            RefusalKind::Exhausted { limit } => write!(
                f,
                "the server takes {limit} messages over one connection at most: open another \
                 (RFC 9422)"
            ),
            RefusalKind::Transactions { limit } => write!(
                f,
                "the server takes so few recipients at once that the message has already taken \
                 {limit} transactions: send it again to this recipient, or raise \
                 `Limits::transactions`"
            ),
            RefusalKind::NotWhole { most, recipients } => write!(
                f,
                "the message is for {recipients} recipients in one transaction, and the server takes \
                 the first {most} of them: send it in several messages, or by \
                 `Policy::AnyAccepted` (RFC 9422)"
            ),
            RefusalKind::NotRepeatable { reply } => write!(
                f,
                "the server refused MAIL in one flight with the message before, and the source of \
                 this one has been read: send it again, with a source of its own ({reply})"
            ),
            RefusalKind::Body(BodyFailure(error)) => {
                write!(f, "the source of the message failed: {error}")
            }
            RefusalKind::NoRecipients => f.write_str("the message has no recipients: name one"),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            RefusalKind::Encode(error) => Some(error),
            RefusalKind::Content(error) => Some(error),
            RefusalKind::NotTried(error)
            | RefusalKind::GaveUp { error, .. }
            | RefusalKind::Explained { cause: Some(error), .. } => Some(error),
            RefusalKind::Body(BodyFailure(error)) => Some(error.as_ref()),
            _ => None,
        }
    }
}
