//! A connection that is gone, and what the server had said before.

use std::fmt::{self, Display};
use std::io::ErrorKind;
use std::sync::Arc;

use smtp_grammar::Reply;

use super::blame::Blame;
use super::proxy::ProxyError;
use super::refusal::Refusal;
use crate::proto::attempt::{Attempt, Listed};
use crate::proto::discovery::DiscoveryErrorKind;
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::handshake::{HandshakeError, HandshakeErrorKind};
use crate::proto::stage::Stage;
use crate::proto::unread::{UnreadLine, is_of_web_server};

/// The connection is gone.
///
/// A clone is cheap: every message that was under way has the same cause. A refusal that came
/// before the connection ended is part of it, because a reply that was read decides: then the
/// [reply](Self::reply), the [blame](Self::blame) and [whether to try again](Self::is_transient)
/// are the refusal's.
#[derive(Clone, Debug)]
pub struct Lost {
    cause: Arc<Cause>,
    refusal: Option<Arc<Refusal>>,
    tried: Option<Arc<Vec<Attempt>>>,
}

#[derive(Debug)]
struct Cause {
    fault: Fault,
    stage: Option<Stage>,
    unread: Option<UnreadLine>,
    silence: Option<Silence>,
}

/// A server that said nothing at all, as one does that waits for another beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// In clear: it may wait for TLS.
    NoGreeting,
    /// After TLS from the first byte had begun: it may speak in clear alone.
    NoTls,
}

impl Lost {
    pub(crate) fn new(fault: Fault, stage: Option<Stage>) -> Self {
        Self::with(fault, stage, None, None)
    }

    /// The same, with the line at which reading replies ended.
    pub(crate) fn with_unread(
        fault: Fault,
        stage: Option<Stage>,
        unread: Option<UnreadLine>,
    ) -> Self {
        Self::with(fault, stage, unread, None)
    }

    /// The same, of a connection in clear that got nothing, where a greeting was due.
    pub(crate) fn ungreeted(fault: Fault) -> Self {
        Self::with(fault, Some(Stage::Greeting), None, Some(Silence::NoGreeting))
    }

    /// The same, of a connection inside TLS from the first byte that got nothing in the handshake.
    pub(crate) fn without_tls(fault: Fault) -> Self {
        Self::with(fault, Some(Stage::Handshake), None, Some(Silence::NoTls))
    }

    fn with(
        fault: Fault,
        stage: Option<Stage>,
        unread: Option<UnreadLine>,
        silence: Option<Silence>,
    ) -> Self {
        let cause = Cause { fault, stage, unread, silence };
        Self { cause: Arc::new(cause), refusal: None, tried: None }
    }

    /// The same, after the server had refused what was asked.
    pub(crate) fn after(mut self, refusal: Refusal) -> Self {
        self.refusal = Some(Arc::new(refusal));
        self
    }

    /// The same, with the addresses of the server that were tried in vain.
    pub(crate) fn with_attempts(mut self, tried: Vec<Attempt>) -> Self {
        self.tried = Some(tried).filter(|tried| !tried.is_empty()).map(Arc::new);
        self
    }

    /// The addresses of the server that were tried in vain, each with its own error and the time it
    /// took, of a call that connects: all of them where no address answered
    /// ([`Stage::Connect`]), else the others than the one that the rest of the error is about.
    pub fn attempts(&self) -> &[Attempt] {
        self.tried.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The cause.
    pub fn fault(&self) -> &Fault {
        &self.cause.fault
    }

    /// The step in which the connection was lost. [`Stage::Source`] is the caller's own
    /// source of a message, or its mechanism; `None` where nothing was under way.
    pub fn stage(&self) -> Option<Stage> {
        self.cause.stage
    }

    /// The line at which reading replies ended, without its CRLF: one that is no reply line, that
    /// is too long, that no command asked for, or that was not whole when the connection ended. Of a
    /// server that speaks clear text where TLS was to begin, its first line. At most 256 bytes of
    /// it, as they came: escape them before they are shown ([`Escaped`](crate::grammar::Escaped)).
    pub fn unread_line(&self) -> Option<&[u8]> {
        self.cause.unread.as_ref().map(UnreadLine::as_bytes)
    }

    /// The refusal of the server's that came before the connection was lost.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_deref()
    }

    /// Whether a future of an earlier call was dropped before it was done.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.fault(), Fault::Interrupted)
    }

    /// The step that took too long, when one did. Who was too slow, the server or the caller, is
    /// said by [`stage`](Self::stage) and [`blame`](Self::blame).
    pub fn timed_out(&self) -> Option<Stage> {
        match self.fault() {
            Fault::TimedOut(stage) => Some(*stage),
            _ => None,
        }
    }

    /// The protocol that the server broke, when it did.
    pub fn protocol(&self) -> Option<&ProtocolError> {
        match self.fault() {
            Fault::Protocol(error) => Some(error),
            _ => None,
        }
    }

    /// Why the TLS handshake failed, when it did.
    pub fn handshake(&self) -> Option<&HandshakeError> {
        match self.fault() {
            Fault::Handshake(error) => Some(error),
            _ => None,
        }
    }

    /// Why a proxy gave no stream to the server, when one did not. Where several addresses of the
    /// server were tried it is the error of one of them; each has its own in
    /// [`attempts`](Self::attempts).
    pub fn proxy(&self) -> Option<&ProxyError> {
        match self.fault() {
            Fault::Local(error) => ProxyError::find_in(error),
            _ => None,
        }
    }

    /// Whether the port looks like one for TLS from the first byte (RFC 8314 §3): the client spoke
    /// in clear, and the server answered with TLS, or closed or waited without any greeting.
    pub fn suggests_implicit_tls(&self) -> bool {
        self.is_ungreeted() || matches!(self.fault(), Fault::ImplicitTls)
    }

    /// Whether the port looks like one for STARTTLS (RFC 3207), or for no TLS at all: the client
    /// spoke TLS from the first byte, and the server answered in clear, or waited without any
    /// answer.
    pub fn suggests_starttls(&self) -> bool {
        let is_clear = |error: &HandshakeError| error.kind() == HandshakeErrorKind::ClearText;
        self.cause.silence == Some(Silence::NoTls)
            || self.handshake().is_some_and(is_clear) && !self.is_of_web_server()
    }

    /// Whether a web server has answered: the host or the port is wrong.
    pub fn is_of_web_server(&self) -> bool {
        let unread = self.cause.unread.as_ref();
        unread.is_some_and(|line| is_of_web_server(line.as_bytes()))
    }

    fn is_ungreeted(&self) -> bool {
        self.cause.silence == Some(Silence::NoGreeting)
    }

    /// The reply that decided: the one with which the server refused what was asked, or closed.
    pub fn reply(&self) -> Option<&Reply> {
        self.refusal().and_then(Refusal::reply).or(match self.fault() {
            Fault::Closing(reply) => Some(reply),
            _ => None,
        })
    }

    /// Whether the same call may succeed on a new connection. An end of the communication is
    /// transient, a malformed reply is too (RFC 5321 §3.8); a server that cannot prove who it is, a
    /// fault of the caller's and a permanent refusal are not. A name that is not resolved is: the
    /// resolver does not tell a name that there is not from one that it cannot ask for now. A
    /// machine that has no descriptor or port to spare is, one that permits no connection is not.
    pub fn is_transient(&self) -> bool {
        if let Some(refusal) = self.refusal() {
            return refusal.is_transient();
        }
        match self.fault() {
            Fault::Closing(reply) => !reply.code().is_permanent(),
            Fault::Protocol(error) => !error.is_attack(),
            // Without timers it stays: the executor is the same one.
            Fault::Handshake(_)
            | Fault::Content(_)
            | Fault::Body(_)
            | Fault::Answer(_)
            | Fault::NoTimer(_)
            | Fault::NoRuntime
            | Fault::InsideRuntime
            | Fault::InvalidHost(_)
            | Fault::Discovery(_)
            | Fault::ImplicitTls => false,
            Fault::Local(error) => self.proxy().map_or_else(
                || {
                    !matches!(
                        error.kind(),
                        ErrorKind::PermissionDenied
                            | ErrorKind::Unsupported
                            | ErrorKind::InvalidInput
                    )
                },
                ProxyError::is_transient,
            ),
            _ => true,
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        if let Some(refusal) = self.refusal() {
            return refusal.blame();
        }
        match self.fault() {
            Fault::Body(_)
            | Fault::Answer(_)
            | Fault::Content(_)
            | Fault::Interrupted
            | Fault::Ended
            | Fault::NoTimer(_)
            | Fault::NoRuntime
            | Fault::InsideRuntime
            | Fault::InvalidHost(_)
            | Fault::ImplicitTls => Blame::Caller,
            Fault::Handshake(error)
                if matches!(
                    error.kind(),
                    HandshakeErrorKind::ClearText | HandshakeErrorKind::ClientCertificate
                ) =>
            {
                Blame::Caller
            }
            // The domain has said so, and the caller has asked for it by that domain.
            Fault::Discovery(error) => match error.kind() {
                DiscoveryErrorKind::NotOffered | DiscoveryErrorKind::NoRecord => Blame::Caller,
                DiscoveryErrorKind::Unusable => Blame::Server,
            },
            Fault::Unresolved(_) | Fault::Local(_) => Blame::Local,
            // The server, or the time set for it all, has waited for the caller in vain.
            Fault::Closing(_)
            | Fault::Closed
            | Fault::Io(_)
            | Fault::TimedOut(_)
            | Fault::DeadlineExceeded
                if self.stage() == Some(Stage::Source) =>
            {
                Blame::Caller
            }
            Fault::Closing(_) | Fault::Protocol(_) | Fault::Handshake(_) => Blame::Server,
            _ => Blame::Network,
        }
    }
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.refusal(), self.fault()) {
            (Some(refusal), Fault::Ended) => {
                return write!(f, "{refusal}; the session cannot go on without it and was ended");
            }
            (Some(refusal), _) => write!(f, "{refusal}; then ")?,
            (None, _) => {}
        }
        match self.fault() {
            Fault::TimedOut(stage) if self.stage() == Some(Stage::Source) => {
                write!(f, "the caller's own side took too long: timed out {}", stage.describe())?;
            }
            Fault::Closed if self.is_ungreeted() => {
                f.write_str("the server closed the connection without a greeting")?;
            }
            fault => Display::fmt(fault, f)?,
        }
        let unread = self.cause.unread.as_ref();
        let (line, last_line) = match self.fault() {
            Fault::Protocol(_) => (unread, None),
            _ => (None, unread),
        };
        if let Some(line) = line {
            write!(f, ": {line}")?;
            if self.is_of_web_server() {
                f.write_str(
                    "; a web server answers at this port: connect to a port of a mail server",
                )?;
            }
        }
        // The faults of a handshake name it themselves.
        let is_shown = |stage: &Stage| {
            self.fault().has_a_step() && !self.is_ungreeted() && *stage != Stage::Handshake
        };
        if let Some(stage) = self.stage().filter(is_shown) {
            write!(f, " ({})", stage.describe())?;
        }
        if let Some(line) = last_line {
            write!(f, "; the last line that came was {line}")?;
        }
        match self.cause.silence {
            None => {}
            Some(Silence::NoGreeting) => f.write_str(
                "; this looks like a port for implicit TLS: if it is one, use \
                 `Submission::implicit_tls` or `Connection::connect_tls`",
            )?,
            Some(Silence::NoTls) => f.write_str(
                "; this may be a port without TLS from the first byte: if it is one for STARTTLS, \
                 leave out `Submission::implicit_tls`, or call `Connection::connect` and then \
                 `starttls`",
            )?,
        }
        // Where no address answered, the fault itself lists them.
        if self.stage() != Some(Stage::Connect) && !self.attempts().is_empty() {
            write!(f, "; the other addresses: {}", Listed(self.attempts()))?;
        }
        Ok(())
    }
}

impl std::error::Error for Lost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let refusal = self.refusal().and_then(Refusal::source);
        refusal.or_else(|| self.fault().source())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::error::mechanism::MechanismError;

    /// A server that refuses a message while it is being sent closes for now or for good.
    #[test]
    fn a_close_is_transient_by_its_code() {
        for (digits, transient) in [(*b"421", true), (*b"452", true), (*b"552", false)] {
            let code = smtp_grammar::ReplyCode::from_digits(digits).expect("a code");
            let lost = Lost::new(Fault::Closing(Reply::new(code, ["no"])), None);
            assert_eq!(lost.is_transient(), transient, "{lost}");
        }
    }

    #[test]
    fn the_source_of_the_refusal_goes_first() {
        let broken = || Lost::new(Fault::Io(ErrorKind::BrokenPipe.into()), None);
        let refusal = Refusal::not_tried(MechanismError::new("no token"));
        let lost = broken().after(refusal);
        assert!(lost.source().is_some_and(<dyn std::error::Error>::is::<MechanismError>));
        assert!(broken().source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>));
    }
}
