//! RCPT: names a recipient.

use smtp_derive::SmtpCommand;
use smtp_grammar::ForwardPath;

use super::path::IntoForwardPath;
use crate::extension::{Parameters, RcptParameter};

/// The command RCPT.
///
/// ```text
/// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
///        [SP Rcpt-parameters] CRLF      ; RFC 5321 §4.1.1.3
/// ```
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(verb = "RCPT TO:", stage = Rcpt, pipelining, valid_in(InTransaction))]
pub struct Rcpt {
    #[smtp(flatten)]
    path: ForwardPath,
    #[smtp(flatten)]
    parameters: Parameters,
}

impl Rcpt {
    /// Names this recipient.
    pub fn to(recipient: impl IntoForwardPath) -> Self {
        Self { path: recipient.into_forward_path(), parameters: Parameters::default() }
    }

    /// Adds the parameter of an extension.
    #[must_use]
    pub fn with(mut self, parameter: impl RcptParameter) -> Self {
        self.parameters.set(parameter.into_parameter());
        self
    }

    /// Whether it has any parameters.
    #[inline]
    pub(crate) fn has_parameters(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// The recipient.
    pub fn path(&self) -> &ForwardPath {
        &self.path
    }
}
