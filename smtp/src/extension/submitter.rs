//! SUBMITTER: the address that is responsible for a message (RFC 4405, historic).

use smtp_grammar::{Capability, Mailbox, Params, Xtext};

use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The keyword SUBMITTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmitterExtension;

impl Capability for SubmitterExtension {
    const KEYWORD: &'static str = "SUBMITTER";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// The address that was responsible last for the message to be sent.
///
/// ```text
/// "SUBMITTER=" xtext      ; RFC 4405 §4: a mailbox
/// ```
///
/// Sender ID, which it was made for, is history: the library never adds it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter(Mailbox);

impl Submitter {
    /// This address.
    pub fn new(mailbox: Mailbox) -> Self {
        Self(mailbox)
    }
}

impl MailParameter for Submitter {
    fn into_parameter(self) -> Parameter {
        let value = Xtext(&self.0).to_string();
        Parameter::new("SUBMITTER", value, SubmitterExtension::KEYWORD).raises(266)
    }
}

impl MayBeLeftOut for Submitter {}
