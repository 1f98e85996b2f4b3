//! MAIL: opens a transaction and names the sender.

use smtp_derive::SmtpCommand;
use smtp_grammar::{Capabilities, ReversePath};

use super::path::IntoReversePath;
use crate::extension::size::SizeParameter;
use crate::extension::{BodyKind, MailParameter, Parameter, Parameters};

/// The command MAIL.
///
/// ```text
/// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF      ; RFC 5321 §4.1.1.2
/// ```
///
/// A parameter whose keyword the server does not list makes the command unsendable.
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(
    verb = "MAIL FROM:",
    stage = Mail,
    pipelining,
    transition(Idle => InTransaction)
)]
pub struct Mail {
    #[smtp(flatten)]
    path: ReversePath,
    #[smtp(flatten)]
    size: Option<SizeParameter>,
    #[smtp(flatten)]
    body: Option<BodyKind>,
    #[smtp(flag = "SMTPUTF8", requires = "SMTPUTF8", utf8, raises = 10)]
    smtputf8: bool,
    #[smtp(flatten)]
    parameters: Parameters,
}

impl Mail {
    /// Opens a transaction for a message of this sender; [`ReversePath::Null`] is the sender of
    /// messages that must not be answered.
    pub fn from(sender: impl IntoReversePath) -> Self {
        Self {
            path: sender.into_reverse_path(),
            size: None,
            body: None,
            smtputf8: false,
            parameters: Parameters::default(),
        }
    }

    /// Declares the size of the message, in bytes with CRLF line ends (RFC 1870).
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.parameters.remove("SIZE");
        self.size = Some(SizeParameter(bytes));
        self
    }

    /// Declares what bytes the message holds (RFC 6152).
    #[must_use]
    pub fn body(mut self, kind: BodyKind) -> Self {
        self.parameters.remove("BODY");
        self.body = Some(kind);
        self
    }

    /// Declares that the envelope or the message's headers hold UTF-8 (RFC 6531).
    #[must_use]
    pub fn smtputf8(mut self) -> Self {
        self.parameters.remove("SMTPUTF8");
        self.smtputf8 = true;
        self
    }

    /// Adds the parameter of an extension. It replaces an earlier one of its keyword, because each
    /// stands once (RFC 5321 §4.1.1.11, RFC 3461 §4.5).
    #[must_use]
    pub fn with(mut self, parameter: impl MailParameter) -> Self {
        let parameter = parameter.into_parameter();
        match parameter.keyword().to_ascii_uppercase().as_str() {
            "SIZE" => self.size = None,
            "BODY" => self.body = None,
            "SMTPUTF8" => self.smtputf8 = false,
            _ => {}
        }
        self.parameters.set(parameter);
        self
    }

    /// The same without the parameter of this keyword.
    pub(crate) fn without(mut self, keyword: &str) -> Self {
        self.parameters.remove(keyword);
        self
    }

    /// The keywords of the [optional](crate::extension::Optional) parameters that are left out of
    /// the command to a server with these capabilities.
    pub fn left_out(&self, capabilities: &Capabilities) -> impl Iterator<Item = &str> {
        self.parameters.left_out(capabilities).map(Parameter::keyword)
    }

    /// Whether it declares the content of the message itself.
    #[inline]
    pub(crate) fn declares_content(&self) -> bool {
        let declared = self.size.is_some() || self.body.is_some() || self.smtputf8;
        declared || self.parameters.declare_content()
    }

    /// The size that it declares with [`size`](Self::size).
    pub fn declared_size(&self) -> Option<u64> {
        self.size.map(|SizeParameter(bytes)| bytes)
    }

    /// The kind of bytes that it declares with [`body`](Self::body).
    pub fn declared_body(&self) -> Option<BodyKind> {
        self.body
    }

    /// Whether it declares UTF-8 with [`smtputf8`](Self::smtputf8).
    pub fn declares_smtputf8(&self) -> bool {
        self.smtputf8
    }

    /// Its parameters, but for those that [`size`](Self::size), [`body`](Self::body) and
    /// [`smtputf8`](Self::smtputf8) declare.
    #[inline]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether it has any parameters.
    #[inline]
    pub(crate) fn has_parameters(&self) -> bool {
        self.size.is_some() || self.body.is_some() || self.smtputf8 || !self.parameters.is_empty()
    }

    /// The sender.
    pub fn path(&self) -> &ReversePath {
        &self.path
    }
}
