//! The recipients of a transaction that were named one at a time.

use smtp_grammar::{ForwardPath, Reply};

use super::recipient::Recipient;
use crate::error::refusal::Refusal;
use crate::proto::left_out::LeftOutList;

/// Recipients, each with its answer, and the parameters that MAIL and RCPT went without.
#[derive(Debug, Default)]
pub(crate) struct NamedRecipients {
    pub(crate) list: Vec<Recipient>,
    pub(crate) left_out: LeftOutList,
}

impl NamedRecipients {
    /// Those of a transaction that was opened without these parameters.
    pub(crate) fn opened_without(left_out: LeftOutList) -> Self {
        Self { list: Vec::new(), left_out }
    }

    /// Adds a recipient and the server's answer. `rank` counts the recipients that were accepted
    /// before.
    pub(crate) fn add(
        &mut self,
        path: ForwardPath,
        answer: Result<Reply, Refusal>,
        without: LeftOutList,
        rank: usize,
    ) {
        self.left_out.add(without, Some(self.list.len()));
        let mut recipient = Recipient::new(path);
        match answer {
            Ok(reply) => recipient.accept(reply, u32::try_from(rank).unwrap_or(u32::MAX)),
            Err(refusal) => recipient.refuse(refusal),
        }
        self.list.push(recipient);
    }
}
