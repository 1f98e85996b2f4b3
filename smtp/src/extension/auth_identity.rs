//! The parameter AUTH of MAIL: the identity that submitted a message (RFC 4954 §5).

use smtp_grammar::{Capability as _, Mailbox, Xtext};

use super::auth::AuthMechanisms;
use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The identity that submitted a message to the first server, which a server that is trusted passes
/// on.
///
/// ```text
/// auth-param = "AUTH=" xtext      ; RFC 4954 §5: a mailbox, or "<>"
/// ```
///
/// The library never adds it by itself: logging in does not say who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthIdentity(Option<Mailbox>);

impl AuthIdentity {
    /// The message was submitted by this identity.
    pub fn new(mailbox: Mailbox) -> Self {
        Self(Some(mailbox))
    }

    /// It is not known who submitted the message, or the server that says so is not trusted.
    pub const UNKNOWN: Self = Self(None);
}

impl MailParameter for AuthIdentity {
    fn into_parameter(self) -> Parameter {
        let value = match &self.0 {
            Some(mailbox) => Xtext(mailbox).to_string(),
            None => "<>".to_owned(),
        };
        Parameter::new("AUTH", value, AuthMechanisms::KEYWORD).raises(500)
    }
}

impl MayBeLeftOut for AuthIdentity {}
