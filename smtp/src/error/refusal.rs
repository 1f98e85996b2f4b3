//! A no that leaves the session intact.

use std::fmt::{self, Display};

use smtp_grammar::{EnhancedStatusCode, Reply};

use super::Blame;
use crate::auth::MechanismError;
use crate::proto::content::ContentError;
use crate::proto::line::EncodeError;

/// Why a command did not succeed, although the session goes on: the server refused it, or it was
/// never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    command: &'static str,
    kind: RefusalKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RefusalKind {
    Reply(Reply),
    Encode(EncodeError),
    Content(ContentError),
    Mechanism { error: MechanismError, reply: Option<Reply> },
    MechanismNotOffered { name: Box<str> },
    Insecure { mechanism: Box<str> },
    TooLarge { octets: u64, limit: u64 },
    NoRecipients,
    Policy,
    Exhausted { limit: u64 },
    Unanswered,
    Unsent,
}

impl Refusal {
    /// What stands for a command when the message was refused, behind its final dot.
    pub const END_OF_DATA: &'static str = "end of data";

    pub(crate) fn by_server(command: &'static str, reply: Reply) -> Self {
        Self::new(command, RefusalKind::Reply(reply))
    }

    pub(crate) fn encode(command: &'static str, error: EncodeError) -> Self {
        Self::new(command, RefusalKind::Encode(error))
    }

    pub(crate) fn content(error: ContentError) -> Self {
        Self::new("MAIL", RefusalKind::Content(error))
    }

    pub(crate) fn mechanism(error: MechanismError, reply: Option<Reply>) -> Self {
        Self::new("AUTH", RefusalKind::Mechanism { error, reply })
    }

    pub(crate) fn mechanism_not_offered(name: &str) -> Self {
        Self::new("AUTH", RefusalKind::MechanismNotOffered { name: name.into() })
    }

    pub(crate) fn insecure(mechanism: &str) -> Self {
        Self::new("AUTH", RefusalKind::Insecure { mechanism: mechanism.into() })
    }

    pub(crate) fn too_large(octets: u64, limit: u64) -> Self {
        Self::new("MAIL", RefusalKind::TooLarge { octets, limit })
    }

    pub(crate) fn no_recipients() -> Self {
        Self::new("RCPT", RefusalKind::NoRecipients)
    }

    pub(crate) fn by_policy() -> Self {
        Self::new("DATA", RefusalKind::Policy)
    }

    pub(crate) fn exhausted(limit: u64) -> Self {
        Self::new("MAIL", RefusalKind::Exhausted { limit })
    }

    pub(crate) fn unanswered() -> Self {
        Self::new("RCPT", RefusalKind::Unanswered)
    }

    pub(crate) fn unsent() -> Self {
        Self::new("RCPT", RefusalKind::Unsent)
    }

    fn new(command: &'static str, kind: RefusalKind) -> Self {
        Self { command, kind }
    }

    /// The verb of the command; [`END_OF_DATA`](Self::END_OF_DATA) when it is the message itself.
    pub fn command(&self) -> &'static str {
        // What stands behind the verb of `MAIL FROM:` is no part of it.
        match self.command.split_once(' ') {
            Some((verb, rest)) if rest.ends_with(':') => verb,
            _ => self.command,
        }
    }

    /// The server's reply. None when the command was never sent.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.kind {
            RefusalKind::Reply(reply) => Some(reply),
            RefusalKind::Mechanism { reply, .. } => reply.as_ref(),
            _ => None,
        }
    }

    /// The server's enhanced status code (RFC 3463), where its reply has one.
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.reply().and_then(Reply::enhanced)
    }

    /// Why the command could not be written, when it could not.
    pub fn encode_error(&self) -> Option<&EncodeError> {
        match &self.kind {
            RefusalKind::Encode(error) => Some(error),
            _ => None,
        }
    }

    /// Whether nothing was sent: the command would have been wrong, or unsafe.
    pub fn is_local(&self) -> bool {
        !matches!(
            self.kind,
            RefusalKind::Reply(_)
                | RefusalKind::Mechanism { reply: Some(_), .. }
                | RefusalKind::Unanswered
        )
    }

    /// Whether the command was sent and the connection was lost before its reply. A recipient of
    /// whom this is said may have got a message that was sent whole.
    pub fn is_unanswered(&self) -> bool {
        self.kind == RefusalKind::Unanswered
    }

    /// Whether the same command may succeed later: the server says so (4yz), or another connection
    /// is all that it needs.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            RefusalKind::Exhausted { .. } | RefusalKind::Unanswered | RefusalKind::Unsent => true,
            _ => self.reply().is_some_and(|reply| reply.code().is_transient()),
        }
    }

    /// Whether the server says that the same command will not succeed (5yz), or it was never sent.
    pub fn is_permanent(&self) -> bool {
        !self.is_transient()
    }

    /// Whose doing it is.
    pub fn blame(&self) -> Blame {
        match &self.kind {
            RefusalKind::Reply(_)
            | RefusalKind::MechanismNotOffered { .. }
            | RefusalKind::Exhausted { .. } => Blame::Server,
            RefusalKind::Mechanism { .. } => Blame::Peer,
            RefusalKind::Unanswered | RefusalKind::Unsent => Blame::Network,
            _ => Blame::Caller,
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.command();
        match &self.kind {
            RefusalKind::Reply(reply) if self.command == Self::END_OF_DATA => {
                write!(f, "the server refused the message: {reply}")
            }
            RefusalKind::Reply(reply) => write!(f, "the server refused {command}: {reply}"),
            RefusalKind::Encode(error) => write!(f, "{command} was not sent: {error}"),
            RefusalKind::Content(error) => Display::fmt(error, f),
            RefusalKind::Mechanism { error, reply: None } => {
                write!(f, "authentication was not tried: {error}")
            }
            RefusalKind::Mechanism { error, reply: Some(reply) } => {
                write!(f, "authentication was given up: {error} (the server: {reply})")
            }
            RefusalKind::MechanismNotOffered { name } => write!(
                f,
                "the server does not offer the authentication mechanism {name}: use one that its \
                 EHLO reply lists"
            ),
            RefusalKind::Insecure { mechanism } => write!(
                f,
                "{mechanism} would reveal the secret and the server is not verified: use TLS with \
                 verification, or a mechanism that reveals nothing"
            ),
            RefusalKind::TooLarge { octets, limit } => write!(
                f,
                "the message has {octets} octets and the server takes {limit} at most (RFC 1870)"
            ),
            RefusalKind::Policy => f.write_str(
                "the message was not sent: the recipients that the server accepted are not those \
                 that the policy asks for",
            ),
            RefusalKind::Exhausted { limit } => write!(
                f,
                "the server takes {limit} messages over one connection at most: open another \
                 (RFC 9422)"
            ),
            RefusalKind::Unanswered => {
                f.write_str("the connection was lost before the server answered for this recipient")
            }
            RefusalKind::Unsent => f.write_str(
                "the connection was lost before the message was sent to this recipient: send it \
                 again",
            ),
            RefusalKind::NoRecipients => f.write_str("the message has no recipients: name one"),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            RefusalKind::Encode(error) => Some(error),
            RefusalKind::Content(error) => Some(error),
            RefusalKind::Mechanism { error, .. } => Some(error),
            _ => None,
        }
    }
}
