//! PRDR: a reply to the message for each recipient (draft-hall-prdr).

use smtp_grammar::{Capability, Params};

use super::parameter::{MailParameter, Parameter};
use crate::proto::line::Line;

/// PRDR, the keyword and the parameter of MAIL: the server may answer a message for each of its
/// recipients.
///
/// It answers the end of the message with 353, then sends a reply for each recipient that it had
/// accepted, in their order, and one for the message. Where that last one is not 2yz, no recipient
/// gets the message. A server that has no need of this answers once, as without the parameter.
///
/// `deliver` and its kin ask for it where the server offers it, the message has two or more
/// recipients, and its [`Policy`](crate::Policy) sends to those that are accepted.
/// [`Server::ignore_capability`](crate::Server::ignore_capability) with `PRDR` keeps them from it.
/// In a transaction of your own, give it to [`Mail::with`](crate::command::Mail::with).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prdr;

impl Prdr {
    /// Writes the parameter to a server that is known to list it.
    #[cold]
    pub(crate) fn write_offered(line: &mut Line<'_>) {
        line.raise_limit(RAISES);
        line.flag(Self::KEYWORD);
    }
}

/// The length of the parameter and of the space before it.
const RAISES: usize = 5;

impl Capability for Prdr {
    const KEYWORD: &'static str = "PRDR";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

impl MailParameter for Prdr {
    fn into_parameter(self) -> Parameter {
        Parameter::flag(Self::KEYWORD, Self::KEYWORD).raises(RAISES)
    }
}
