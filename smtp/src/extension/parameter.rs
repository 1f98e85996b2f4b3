//! Parameters of MAIL and RCPT that extensions define.

use std::borrow::Cow;

use crate::proto::line::{Arguments, Line};

/// A parameter, the EHLO keyword that allows it, and how much longer it may make the line.
///
/// Its text (`esmtp-param`, RFC 5321 §4.1.2) is checked when it is written: a command with
/// a parameter that would be read as something else is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    keyword: Cow<'static, str>,
    value: Option<String>,
    requires: Cow<'static, str>,
    raises: usize,
}

impl Parameter {
    /// `KEYWORD=value`, which a server allows by listing `requires`.
    pub fn new(
        keyword: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        requires: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { value: Some(value.into()), ..Self::flag(keyword, requires) }
    }

    /// `KEYWORD` alone, which a server allows by listing `requires`.
    pub fn flag(
        keyword: impl Into<Cow<'static, str>>,
        requires: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { keyword: keyword.into(), value: None, requires: requires.into(), raises: 0 }
    }

    /// Raises the limit of the command line by this many bytes, as the extension's RFC says.
    #[must_use]
    pub fn raises(mut self, bytes: usize) -> Self {
        self.raises = bytes;
        self
    }
}

/// A parameter of MAIL.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parameter of MAIL",
    label = "cannot be given to MAIL",
    note = "implement `smtp::extension::MailParameter` for it, or build a `Parameter`"
)]
pub trait MailParameter {
    /// The parameter as it is written.
    fn into_parameter(self) -> Parameter;
}

/// A parameter of RCPT.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parameter of RCPT",
    label = "cannot be given to RCPT",
    note = "implement `smtp::extension::RcptParameter` for it, or build a `Parameter`"
)]
pub trait RcptParameter {
    /// The parameter as it is written.
    fn into_parameter(self) -> Parameter;
}

impl MailParameter for Parameter {
    fn into_parameter(self) -> Parameter {
        self
    }
}

impl RcptParameter for Parameter {
    fn into_parameter(self) -> Parameter {
        self
    }
}

/// The parameters of one command. Each keyword stands there once: a parameter replaces an earlier
/// one of its keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

impl Parameters {
    /// Whether there is none.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a parameter, or replaces the one with its keyword.
    pub fn set(&mut self, parameter: Parameter) {
        match self.0.iter_mut().find(|other| other.keyword.eq_ignore_ascii_case(&parameter.keyword))
        {
            Some(other) => *other = parameter,
            None => self.0.push(parameter),
        }
    }
}

impl Arguments for Parameters {
    #[inline]
    fn write(&self, line: &mut Line<'_>) {
        // Most commands have none.
        if !self.0.is_empty() {
            self.write_all(line);
        }
    }
}

impl Parameters {
    #[cold]
    fn write_all(&self, line: &mut Line<'_>) {
        for parameter in &self.0 {
            line.require(&parameter.requires);
            line.raise_limit(parameter.raises);
            match &parameter.value {
                Some(value) => line.param(&parameter.keyword, value),
                None => line.flag(&parameter.keyword),
            }
        }
    }
}
