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
/// "TRANSID=" "<" local-part "@" domain ">"      ; RFC 1845 §2: 80 characters at most
/// ```
///
/// A server that has a part of the message from an earlier session answers MAIL with 355 and the
/// number of bytes that it has. The calls that deliver messages, from
/// [`deliver`](crate::Connection::deliver) to feeds, then go on by themselves: they name no recipient,
/// because the server has those of the earlier session, and send the message from that byte on
/// (RFC 1845 §4). Any body can be sent on; one that cannot seek is read up to that byte. In the
/// [receipt](crate::Receipt), 355 is the reply to each recipient.
///
/// So the message must be the same, and the envelope must have the recipients that the server
/// [accepted](crate::message::Recipient::is_accepted) in the earlier session, and no others.
///
/// The transaction ends with RSET, and nothing of the message is sent, where the rest cannot follow
/// ([`CheckpointError`](crate::error::CheckpointError)); in LMTP and with
/// [`Prdr`](super::Prdr), where the number of replies to the message would not be known; and with
/// commands that are sent one by one. [`Refusal::checkpoint`](crate::Refusal::checkpoint) says how
/// many bytes the server has.
///
/// Nothing follows MAIL with this parameter before its reply has come. The message goes in one
/// transaction, because the name stands for one.
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
