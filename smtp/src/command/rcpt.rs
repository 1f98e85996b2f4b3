//! RCPT: names a recipient.

use smtp_derive::SmtpCommand;
use smtp_grammar::{Capabilities, ForwardPath};

use super::path::IntoForwardPath;
use crate::extension::{Parameter, Parameters, RcptParameter};

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

    /// Adds the parameter of an extension. It replaces an earlier one of its keyword, because each
    /// stands once (RFC 3461 §4.5).
    #[must_use]
    pub fn with(mut self, parameter: impl RcptParameter) -> Self {
        self.parameters.set(parameter.into_parameter());
        self
    }

    /// The keywords of the [optional](crate::extension::Optional) parameters that are left out of
    /// the command to a server with these capabilities.
    pub fn left_out(&self, capabilities: &Capabilities) -> impl Iterator<Item = &str> {
        self.parameters.left_out(capabilities).map(Parameter::keyword)
    }

    /// Its parameters.
    #[inline]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
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
