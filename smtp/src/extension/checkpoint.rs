//! CHECKPOINT: messages that can be resumed where the connection was lost (RFC 1845).

use smtp_grammar::{Capability, Mailbox, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The keyword CHECKPOINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint;

impl Capability for Checkpoint {
    const KEYWORD: &'static str = "CHECKPOINT";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// A name for a transaction, under which the server keeps what it has got of the message.
///
/// ```text
/// "TRANSID=" "<" local-part "@" domain ">"      ; RFC 1845 §5: 80 characters at most
/// ```
///
/// A server that has a part of the message already answers MAIL with 355 and the number of bytes:
/// [`Refusal::checkpoint`](crate::Refusal::checkpoint). The library does not resume a message by
/// itself. It ends that transaction with RSET, and nothing of the message was sent.
///
/// Nothing follows MAIL with this parameter before its reply has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionId(String);

impl TransactionId {
    /// A name of the form `local@domain`, in ASCII, without `=` and spaces, of 78 characters at
    /// most; `None` for any other.
    pub fn new(id: &str) -> Option<Self> {
        let plain = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'=');
        let valid = plain && id.len() <= 78 && id.parse::<Mailbox>().is_ok();
        valid.then(|| Self(id.to_owned()))
    }
}

impl MailParameter for TransactionId {
    fn into_parameter(self) -> Parameter {
        Parameter::new("TRANSID", format!("<{}>", self.0), Checkpoint::KEYWORD).raises(88)
    }
}

impl MayBeLeftOut for TransactionId {}
