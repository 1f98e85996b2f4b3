//! Parameters of MAIL and RCPT that extensions define.

use std::borrow::Cow;

use smtp_grammar::Capabilities;

use super::unmet::Unmet;
use crate::proto::line::{Arguments, Line};
use crate::proto::scan::{is_keyword, is_plain};

/// A parameter, the EHLO keyword that allows it, and how much longer it may make the line.
///
/// Its text (`esmtp-param`, RFC 5321 §4.1.2) is checked when it is written: a command with
/// a parameter that would be read as something else is not sent.
#[derive(Clone, Debug)]
pub struct Parameter {
    keyword: Cow<'static, str>,
    /// `KEYWORD` or `KEYWORD=value`.
    // One text: a delivery writes it for each message, and then only copies it.
    text: Cow<'static, str>,
    /// It was looked at, and is nothing but a keyword and printable ASCII.
    plain: bool,
    /// It is SIZE, BODY or SMTPUTF8, which a delivery declares by itself.
    declares_content: bool,
    pub(super) requires: Cow<'static, str>,
    pub(super) raises: usize,
    pub(super) needs_tls: bool,
    pub(super) optional: bool,
    condition: Option<Condition>,
    /// The number that the value begins with, for the condition.
    number: Option<i64>,
    /// The condition is the library's own, for this keyword.
    own_condition: bool,
}

impl Parameter {
    /// `KEYWORD=value`, which a server allows by listing `requires`.
    pub fn new(
        keyword: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        requires: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (keyword, value) = (keyword.into(), value.into());
        let mut text = String::with_capacity(keyword.len() + 1 + value.len());
        text.push_str(&keyword);
        text.push('=');
        text.push_str(&value);
        Self::from_text(keyword, text.into(), requires.into())
    }

    /// `KEYWORD` alone, which a server allows by listing `requires`.
    pub fn flag(
        keyword: impl Into<Cow<'static, str>>,
        requires: impl Into<Cow<'static, str>>,
    ) -> Self {
        let keyword = keyword.into();
        Self::from_text(keyword.clone(), keyword, requires.into())
    }

    fn from_text(
        keyword: Cow<'static, str>,
        text: Cow<'static, str>,
        requires: Cow<'static, str>,
    ) -> Self {
        let mut parameter = Self {
            keyword,
            text,
            plain: false,
            declares_content: false,
            requires,
            raises: 0,
            needs_tls: false,
            optional: false,
            condition: None,
            number: None,
            own_condition: false,
        };
        let value = parameter.value();
        parameter.plain = is_keyword(parameter.keyword())
            && value.is_none_or(|value| !value.is_empty() && is_plain(value.as_bytes(), b'!'))
            // The rest of the transaction depends on these: the encoder looks at their keywords.
            && !["BODY", "SMTPUTF8", "TRANSID", "MTRK", "PRDR"].iter().any(|keyword| parameter.is(keyword));
        parameter.declares_content =
            ["SIZE", "BODY", "SMTPUTF8"].iter().any(|keyword| parameter.is(keyword));
        parameter
    }

    /// Raises the limit of the command line by this many bytes, as the extension's RFC says.
    #[must_use]
    pub fn raises(mut self, bytes: usize) -> Self {
        self.raises = bytes;
        self
    }

    /// Makes the parameter unsendable, unless the session is inside TLS and the server has proved
    /// its name by a trusted root, the operating system or a pin (RFC 8689 §4.2.1).
    #[must_use]
    pub fn needs_tls(mut self) -> Self {
        self.needs_tls = true;
        self
    }

    /// Makes the parameter unsendable where this function says so: it sees the value, the server's
    /// offers and the other parameters of the command.
    #[must_use]
    pub fn needs(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self.number = self.value().and_then(number);
        self.own_condition = false;
        self
    }

    /// As [`needs`](Self::needs), of a condition that a parameter has that was kept and comes back.
    pub(super) fn needs_own(self, condition: Condition) -> Self {
        Self { own_condition: true, ..self.needs(condition) }
    }

    /// Leaves the parameter out where the server does not offer it.
    pub(super) fn into_optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Whether it has a condition, and whether that is the library's own.
    pub(super) fn condition_is_own(&self) -> Option<bool> {
        self.condition.map(|_| self.own_condition)
    }

    /// The keyword of the parameter.
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// The same, without a copy where that is possible.
    pub(crate) fn shared_keyword(&self) -> Cow<'static, str> {
        self.keyword.clone()
    }

    /// The value, where it has one.
    pub fn value(&self) -> Option<&str> {
        self.text.get(self.keyword.len() + 1..)
    }

    #[inline]
    fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword)
    }

    /// Whether nothing but the server's offer decides that it is sent.
    #[inline]
    fn is_usual(&self) -> bool {
        !self.optional && !self.needs_tls && self.condition.is_none()
    }

    /// Writes it, and looks at its text.
    #[cold]
    fn write_looked_at(&self, line: &mut Line<'_>) {
        match self.value() {
            Some(value) => line.param(&self.keyword, value),
            None => line.flag(&self.keyword),
        }
    }

    /// Whether the server offers it.
    #[inline]
    fn is_offered(&self, capabilities: &Capabilities) -> bool {
        capabilities.has(&self.requires)
    }

    /// Whether it is left out because the server does not offer it at all.
    fn is_missed(&self, capabilities: &Capabilities) -> bool {
        self.optional && !self.is_offered(capabilities)
    }

    /// Whether it is left out of a command to a server with these capabilities.
    fn is_left_out(&self, all: &Parameters, capabilities: &Capabilities) -> bool {
        let unmet = || self.check(all, capabilities).is_err_and(|unmet| unmet.is_by_server());
        self.is_missed(capabilities) || (self.optional && unmet())
    }

    fn check(&self, all: &Parameters, capabilities: &Capabilities) -> Result<(), Unmet> {
        let Some(condition) = self.condition else {
            return Ok(());
        };
        condition(&Conditions::new(self, all, capabilities))
    }
}

/// The number that a value begins with.
fn number(value: &str) -> Option<i64> {
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let end = value.len() - unsigned.len() + digits;
    if (1..=9).contains(&digits) { value.get(..end)?.parse().ok() } else { None }
}

/// A function that says whether a parameter may be sent.
pub type Condition = fn(&Conditions<'_>) -> Result<(), Unmet>;

/// The facts that the condition of a parameter can look at.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    parameter: &'a Parameter,
    all: &'a Parameters,
    capabilities: &'a Capabilities,
}

impl<'a> Conditions<'a> {
    fn new(parameter: &'a Parameter, all: &'a Parameters, capabilities: &'a Capabilities) -> Self {
        Self { parameter, all, capabilities }
    }

    /// The value of the parameter; empty where it has none.
    pub fn value(&self) -> &'a str {
        self.parameter.value().unwrap_or_default()
    }

    /// The number that the value of the parameter begins with, after a sign where it has one, of
    /// nine digits at most. It was read once, when the parameter was made.
    pub fn number(&self) -> Option<i64> {
        self.parameter.number
    }

    /// The capabilities in the server's latest EHLO reply.
    pub fn capabilities(&self) -> &'a Capabilities {
        self.capabilities
    }

    /// The value of another parameter of the same command, empty where it has none; `None` where it
    /// is not given, or is left out.
    pub fn other(&self, keyword: &str) -> Option<&'a str> {
        let other = self.all.get(keyword)?;
        // Its own condition is not asked, which may ask for this parameter in turn.
        (!other.is_missed(self.capabilities)).then(|| other.value().unwrap_or_default())
    }

    /// Whether another parameter of the same command is given, and left out because the server does
    /// not offer it.
    pub fn is_left_out(&self, keyword: &str) -> bool {
        self.all.get(keyword).is_some_and(|other| other.is_missed(self.capabilities))
    }
}

/// The condition is a part of how the parameter is written, and no part of its text.
impl PartialEq for Parameter {
    fn eq(&self, other: &Self) -> bool {
        let facts = |parameter: &Self| {
            let Self { raises, needs_tls, optional, .. } = *parameter;
            (raises, needs_tls, optional)
        };
        self.keyword == other.keyword
            && self.text == other.text
            && self.requires == other.requires
            && facts(self) == facts(other)
    }
}

impl Eq for Parameter {}

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
        match self
            .0
            .iter_mut()
            .find(|other| other.keyword().eq_ignore_ascii_case(parameter.keyword()))
        {
            Some(other) => *other = parameter,
            None => self.0.push(parameter),
        }
    }

    /// Takes the parameter with this keyword out.
    pub(crate) fn remove(&mut self, keyword: &str) {
        self.0.retain(|parameter| !parameter.is(keyword));
    }

    /// Each of them, in the order in which they are written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Parameter> {
        self.0.iter()
    }

    /// The parameter with this keyword.
    pub fn get(&self, keyword: &str) -> Option<&Parameter> {
        self.0.iter().find(|parameter| parameter.is(keyword))
    }

    /// Whether one declares the content of the message: SIZE, BODY or SMTPUTF8.
    #[inline]
    pub(crate) fn declare_content(&self) -> bool {
        self.0.iter().any(|parameter| parameter.declares_content)
    }

    /// Those that are left out of a command to a server with these capabilities.
    pub(crate) fn left_out(&self, capabilities: &Capabilities) -> impl Iterator<Item = &Parameter> {
        self.0.iter().filter(|parameter| parameter.is_left_out(self, capabilities))
    }

    /// Whether each can be written, as far as its text says, in a line with this much room besides.
    pub(crate) fn are_plain(&self, room: usize) -> bool {
        let excess =
            |parameter: &Parameter| (parameter.text.len() + 1).saturating_sub(parameter.raises);
        self.0.iter().all(|parameter| parameter.plain)
            && self.0.iter().map(excess).sum::<usize>() <= room
    }

    /// Whether one has a condition, which shows when it is written.
    pub(crate) fn have_conditions(&self) -> bool {
        self.0.iter().any(|parameter| parameter.needs_tls || parameter.condition.is_some())
    }

    /// Whether the server offers each of them, or it may be left out.
    #[inline]
    pub(crate) fn are_offered(&self, capabilities: &Capabilities) -> bool {
        self.0.iter().all(|parameter| parameter.optional || parameter.is_offered(capabilities))
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
    fn write_all(&self, line: &mut Line<'_>) {
        self.write_where(line, false);
    }

    /// Writes them. `known` says that the server is known to offer those that must not be left out.
    pub(crate) fn write_where(&self, line: &mut Line<'_>, known: bool) {
        for parameter in &self.0 {
            let usual =
                parameter.is_usual() && (known || parameter.is_offered(line.capabilities()));
            if usual || self.may_write(parameter, line, known) {
                line.raise_limit(parameter.raises);
                if parameter.plain {
                    line.plain_param(&parameter.text);
                } else {
                    parameter.write_looked_at(line);
                }
            }
        }
    }

    /// Whether a parameter is written: not where it is left out. One that must not be sent makes the
    /// command unsendable.
    fn may_write(&self, parameter: &Parameter, line: &mut Line<'_>, known: bool) -> bool {
        let known = known && !parameter.optional;
        if !known && !parameter.is_offered(line.capabilities()) {
            if parameter.optional {
                line.leave_out(parameter.shared_keyword());
                return false;
            }
            line.require(&parameter.requires);
        }
        if parameter.needs_tls {
            line.require_tls(parameter.keyword());
        }
        if let Err(unmet) = parameter.check(self, line.capabilities()) {
            if parameter.optional && unmet.is_by_server() {
                line.leave_out(parameter.shared_keyword());
                return false;
            }
            line.reject_parameter(parameter.keyword(), unmet.into_reason());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_values_begin_with() {
        let table = [
            ("120;R", Some(120)),
            ("-120;NT", Some(-120)),
            ("+7", Some(7)),
            ("999999999", Some(999_999_999)),
            ("1000000000", None),
            ("R;120", None),
            ("-", None),
            ("+-1", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(number(value), expected, "{value}");
        }
    }
}
