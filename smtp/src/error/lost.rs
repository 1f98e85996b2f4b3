//! A connection that is gone.

use std::fmt::{self, Display};

use smtp_grammar::Reply;

use super::Blame;
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;

/// The connection is gone. No message was delivered by the call that says so; what a
/// [`DeliveryUnknown`](super::DeliveryUnknown) wraps is the exception.
#[derive(Debug)]
pub struct Lost {
    fault: Fault,
}

impl Lost {
    /// What happened.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Whether a future of an earlier call was dropped before it was done.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.fault, Fault::Interrupted)
    }

    /// The step that took too long, when one did.
    pub fn timed_out(&self) -> Option<Stage> {
        match self.fault {
            Fault::TimedOut(stage) => Some(stage),
            _ => None,
        }
    }

    /// The protocol that the server broke, when it did.
    pub fn protocol(&self) -> Option<&ProtocolError> {
        match &self.fault {
            Fault::Protocol(error) => Some(error),
            _ => None,
        }
    }

    /// The reply with which the server closed, when it did.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.fault {
            Fault::Closing(reply) => Some(reply),
            _ => None,
        }
    }

    /// Whether the same call may succeed on a new connection.
    pub fn is_transient(&self) -> bool {
        match &self.fault {
            Fault::Closing(reply) => !reply.code().is_permanent(),
            Fault::Protocol(_) | Fault::Handshake(_) | Fault::Content(_) | Fault::Body(_) => false,
            _ => true,
        }
    }

    /// Whose doing it is.
    pub fn blame(&self) -> Blame {
        match &self.fault {
            Fault::Closing(_) => Blame::Server,
            Fault::Protocol(_) | Fault::Handshake(_) => Blame::Peer,
            Fault::Body(_) | Fault::Content(_) | Fault::Interrupted | Fault::Ended => Blame::Caller,
            _ => Blame::Network,
        }
    }
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.fault, f)
    }
}

impl std::error::Error for Lost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.fault.source()
    }
}

impl From<Fault> for Lost {
    fn from(fault: Fault) -> Self {
        Self { fault }
    }
}
