//! Why a connection can no longer be used.
//!
//! After a fault the two sides may disagree on what has been said, so nothing more is written: no
//! RSET, no QUIT. That the server refused something is no fault.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io;

use smtp_grammar::{Reply, ReplyLineError};

use super::content::ContentError;
use super::discovery::DiscoveryError;
use super::handshake::HandshakeError;
use super::reply::ReplyError;
use super::stage::Stage;

/// The cause that ended a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The host that the caller gave is no name and no address, and nothing was looked up; or it has
    /// addresses, and the caller's settings leave out each of them.
    InvalidHost(io::Error),
    /// The library was to open a socket outside a tokio runtime, whose sockets these are.
    NoRuntime,
    /// A blocking call was made on a thread of a tokio runtime, whose other tasks it would have
    /// stopped. It did nothing: nothing was sent, and a connection that it has borrowed is as it
    /// was.
    InsideRuntime,
    /// The resolver of this machine gives no address for the server's name. Whether there is no
    /// such name or the resolver cannot be asked now, it does not say.
    Unresolved(io::Error),
    /// The SRV records of the domain lead to no server
    /// ([`Submission::discover`](crate::Submission::discover)).
    Discovery(DiscoveryError),
    /// This machine cannot open the connection: it has no file descriptor, port, memory or route
    /// to spare for it, may not, has nothing to verify the server by, or its proxy gives no stream.
    /// The server was not asked.
    Local(io::Error),
    /// No address of the server answered.
    Unreachable(io::Error),
    /// The server speaks TLS from the first byte at this port, and the client spoke in clear.
    ImplicitTls,
    /// Reading or writing failed.
    Io(io::Error),
    /// The server closed the connection without a word.
    Closed,
    /// The server said that it closes the connection (421 at any time, or an unasked 221), or
    /// refused a message while it was still being sent.
    Closing(Reply),
    /// A step took longer than it may.
    TimedOut(Stage),
    /// The whole connection took longer than it may.
    DeadlineExceeded,
    /// The server broke the protocol.
    Protocol(ProtocolError),
    /// The TLS handshake failed: the server broke the rules of TLS, did not prove who it is, wants
    /// a client certificate, or speaks clear text at this port. A handshake that the network cut is
    /// an [`Io`](Self::Io).
    Handshake(HandshakeError),
    /// The source of the message failed while it was being sent.
    Body(io::Error),
    /// The server asked, and there is no answer, or one that must not be sent: a secret where the
    /// server is not verified, or more than one line. Nothing of it was sent.
    Answer(io::Error),
    /// The message turned out to be unsendable while it was being sent.
    Content(ContentError),
    /// The connection has to wait and its timeouts cannot be kept, because its clock has no timers
    /// here.
    NoTimer(NoTimer),
    /// The server waits for a message that must not be sent any more, for recipients that it has
    /// accepted: only closing the connection keeps it from delivering an empty one.
    Abandoned,
    /// A future was dropped before it was done.
    Interrupted,
    /// An earlier error ended the connection.
    Ended,
}

impl Fault {
    /// Whether a part of a reply, or a line that is none, may be left over. After every other fault
    /// it would be the next reply.
    pub(crate) fn leaves_unread(&self) -> bool {
        match self {
            Self::Io(_) | Self::Closed | Self::TimedOut(_) | Self::DeadlineExceeded => true,
            Self::Protocol(error) => error.leaves_unread(),
            _ => false,
        }
    }

    /// Whether it may come in any step, and does not name it itself.
    pub(crate) fn has_a_step(&self) -> bool {
        match self {
            Self::Io(_) | Self::Closed | Self::Closing(_) | Self::DeadlineExceeded => true,
            Self::Protocol(error) => !matches!(error, ProtocolError::Unexpected { .. }),
            _ => false,
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidHost(error)
            | Self::Unresolved(error)
            | Self::Local(error)
            | Self::Unreachable(error) => Display::fmt(error, f),
            Self::Discovery(error) => Display::fmt(error, f),
            Self::NoRuntime => f.write_str(
                "cannot open a socket: there is no tokio runtime here; run inside one with I/O \
                 enabled, or give a stream of your own to `Connection::from_stream`",
            ),
            Self::InsideRuntime => f.write_str(
                "a blocking call was made on a thread of a tokio runtime, or from within another \
                 blocking call, and did nothing: await the same call of `smtp::Connection` there, \
                 or make this one on a thread of `std::thread`",
            ),
            Self::ImplicitTls => f.write_str(
                "the server speaks TLS at this port, and not clear text: this looks like a port \
                 for implicit TLS; use `Submission::implicit_tls` or `Connection::connect_tls`",
            ),
            Self::Io(error) => write!(f, "the connection broke: {error}"),
            Self::Closed => f.write_str("the server closed the connection without a reply"),
            Self::Closing(reply) => write!(f, "the server closed the session: {reply}"),
            Self::TimedOut(stage) => {
                write!(f, "the server took too long: timed out {}", stage.describe())?;
                stage.setting().map_or(Ok(()), |name| write!(f, " (`Timeouts::{name}`)"))
            }
            Self::DeadlineExceeded => f.write_str(
                "the connection exceeded the time set for it as a whole (`Timeouts::total`)",
            ),
            Self::Protocol(error) => write!(f, "the server broke the protocol: {error}"),
            Self::Handshake(error) => write!(f, "the TLS handshake failed: {error}"),
            Self::Body(error) => write!(
                f,
                "the source of the message failed, and the message was abandoned: {error}"
            ),
            Self::Answer(error) => write!(
                f,
                "the server asked and was not answered, which takes closing the connection: {error}"
            ),
            Self::Content(error) => write!(f, "the message was abandoned: {error}"),
            Self::NoTimer(error) => write!(f, "no timeout can be kept: {error}"),
            Self::Abandoned => f.write_str(
                "the message was abandoned by closing the connection: the server had asked for it \
                 and would have delivered an empty one",
            ),
            Self::Interrupted => f.write_str(
                "an earlier call on this connection was dropped before it was done, so the \
                 session is out of step: open a new connection",
            ),
            Self::Ended => f.write_str("an earlier error ended this connection: open a new one"),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::InvalidHost(error)
            | Self::Unresolved(error)
            | Self::Local(error)
            | Self::Unreachable(error)
            | Self::Io(error)
            | Self::Body(error)
            | Self::Answer(error) => Some(error),
            Self::Discovery(error) => Some(error),
            Self::Handshake(error) => Some(error),
            Self::Protocol(error) => Some(error),
            Self::Content(error) => Some(error),
            Self::NoTimer(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ProtocolError> for Fault {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

/// Why a clock has no timer to give.
///
/// An SMTP client that waits without a timeout may wait for ever, so a connection ends with
/// [`Fault::NoTimer`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTimer {
    reason: Cow<'static, str>,
}

impl NoTimer {
    /// A reason in the words of the clock: what is missing, and what the caller can do about it.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into() }
    }
}

impl Display for NoTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NoTimer {}

/// A violation of the protocol by the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A line is no reply line.
    Malformed(ReplyLineError),
    /// A line ends with LF alone.
    BareLineFeed,
    /// A line is longer than the limit, in bytes.
    LineTooLong(usize),
    /// A reply has more lines than the limit.
    TooManyLines(usize),
    /// A reply is longer than the limit, in bytes.
    ReplyTooLong(usize),
    /// A reply that no command asked for.
    Surplus,
    /// A reply that cannot be the answer to the command whose turn it is: an earlier command was
    /// answered twice, and since then each reply was taken for that of another.
    OutOfStep(Reply),
    /// RSET was refused, so a transaction may be open that cannot be ended.
    ResetRefused(Reply),
    /// A reply of a kind that cannot be the answer to what was sent in this stage.
    Unexpected {
        /// The step whose reply it should have been.
        stage: Stage,
        /// The answer.
        reply: Reply,
    },
    /// Bytes in clear after the reply to STARTTLS, before the handshake: they may come from an
    /// attacker (security considerations of RFC 3207).
    InjectedBeforeTls,
    /// The reply to a command that moved the session has a form that its type cannot be read from.
    Unreadable(ReplyError),
    /// A message was accepted before it had been sent.
    EarlyReply(Reply),
    /// More challenges than the limit.
    TooManyChallenges(usize),
    /// The server claims success before the mechanism has verified it.
    UnverifiedSuccess(Reply),
    /// The server did not prove to the mechanism who it is, for this reason.
    Untrusted(Box<str>),
}

impl ProtocolError {
    /// Whether it is about a line that was not read as a reply.
    fn leaves_unread(&self) -> bool {
        matches!(
            self,
            Self::Malformed(_)
                | Self::BareLineFeed
                | Self::LineTooLong(_)
                | Self::TooManyLines(_)
                | Self::ReplyTooLong(_)
                | Self::Surplus
                | Self::InjectedBeforeTls
        )
    }

    /// Whether it looks like the work of a third side, or of a server that cannot prove who it is,
    /// and not like a failure of the communication (RFC 5321 §3.8), which may pass.
    pub(crate) fn is_attack(&self) -> bool {
        matches!(self, Self::InjectedBeforeTls | Self::UnverifiedSuccess(_) | Self::Untrusted(_))
    }
}

impl Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => Display::fmt(error, f),
            Self::BareLineFeed => f.write_str("a reply line ends with LF instead of CRLF"),
            Self::LineTooLong(limit) => {
                write!(f, "a reply line is longer than {limit} bytes")
            }
            Self::TooManyLines(limit) => write!(f, "a reply has more than {limit} lines"),
            Self::ReplyTooLong(limit) => write!(f, "a reply is longer than {limit} bytes"),
            Self::Surplus => f.write_str("it sent a reply that no command asked for"),
            Self::OutOfStep(reply) => write!(
                f,
                "its replies are not in step with the commands, as if one had been answered \
                 twice: {reply}"
            ),
            Self::ResetRefused(reply) => {
                write!(f, "it refused RSET, which no server may (RFC 5321 §4.1.1.5): {reply}")
            }
            Self::Unexpected { stage, reply } => {
                write!(f, "{reply} cannot be {}", stage.reply())
            }
            Self::InjectedBeforeTls => f.write_str(
                "bytes followed the reply to STARTTLS in clear; an attacker may be tampering with \
                 the connection",
            ),
            Self::Unreadable(error) => Display::fmt(error, f),
            Self::EarlyReply(reply) => {
                write!(f, "it answered a message that was still being sent: {reply}")
            }
            Self::TooManyChallenges(limit) => {
                write!(f, "authentication took more than {limit} challenges")
            }
            Self::Untrusted(reason) => write!(f, "it did not prove who it is: {reason}"),
            Self::UnverifiedSuccess(reply) => write!(
                f,
                "it claimed success before it had proved that it knows the password: {reply}"
            ),
        }
    }
}

impl std::error::Error for ProtocolError {}
