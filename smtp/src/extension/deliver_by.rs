//! DELIVERBY: a time until when a message should be delivered (RFC 2852).

use smtp_grammar::{Capability, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{Condition, Conditions, MailParameter, Parameter};
use super::unmet::Unmet;

/// The keyword DELIVERBY.
///
/// ```text
/// deliverby-param = min-by-time *( "," extension-token )
/// min-by-time     = [1*9DIGIT]      ; RFC 2852 §3
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliverByExtension {
    /// Seconds of the shortest time that the server takes with [`DeliverBy`], if it says so.
    pub shortest: Option<u32>,
}

impl Capability for DeliverByExtension {
    const KEYWORD: &'static str = "DELIVERBY";

    /// A server that lists it more than once means the longest.
    fn parse(params: Params<'_>) -> Self {
        Self { shortest: params.filter_map(shortest).max() }
    }
}

/// `[1*9DIGIT]`, before a comma.
fn shortest(param: &str) -> Option<u32> {
    let digits = param.split(',').next()?;
    let valid = digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if valid { digits.parse().ok() } else { None }
}

/// Seconds that `by-time` has digits for.
const MOST_SECONDS: u32 = 999_999_999;

/// A message that is returned where it cannot be delivered in time (mode R).
///
/// ```text
/// deliverby-param  = by-time ";" by-mode [by-trace]
/// by-time          = ["-" / "+"] 1*9DIGIT
/// by-mode          = "N" / "R"
/// by-trace         = "T"      ; RFC 2852 §4
/// ```
///
/// The time is that from MAIL on. The shortest time of the server, and HOLDFOR, are checked before
/// the message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliverBy {
    seconds: u32,
    trace: bool,
}

impl DeliverBy {
    /// Within this many seconds, from 1 to 999 999 999; `None` for another number.
    pub fn seconds(seconds: u32) -> Option<Self> {
        (1..=MOST_SECONDS).contains(&seconds).then_some(Self { seconds, trace: false })
    }

    /// Asks each server on the way for a report as well.
    #[must_use]
    pub fn trace(self) -> Self {
        Self { trace: true, ..self }
    }
}

/// The condition of a value of BY: that of the mode R.
pub(super) fn condition(value: &str) -> Option<Condition> {
    value
        .split_once(';')
        .is_some_and(|(_, mode)| mode.starts_with(['R', 'r']))
        .then_some(long_enough)
}

impl MailParameter for DeliverBy {
    fn into_parameter(self) -> Parameter {
        by(self.seconds, 'R', self.trace).needs_own(long_enough)
    }
}

/// "R ... by-time ... MUST NOT be less than the min-by-time" (RFC 2852 §4).
fn long_enough(conditions: &Conditions<'_>) -> Result<(), Unmet> {
    let Some(seconds) = conditions.number() else {
        return Ok(());
    };
    for shortest in conditions.capabilities().numbers(DeliverByExtension::KEYWORD) {
        if seconds < i64::from(shortest) {
            return Err(too_short(shortest));
        }
    }
    Ok(())
}

#[cold]
fn too_short(shortest: u32) -> Unmet {
    Unmet::by_server(format!(
        "the server takes no time below {shortest} seconds: give it more (RFC 2852 §4)"
    ))
}

/// The seconds of a value of BY.
pub(super) fn seconds(value: &str) -> Option<i64> {
    let value = value.as_bytes();
    let (sign, digits) = match value.split_first()? {
        (b'-', digits) => (-1, digits),
        (b'+', digits) => (1, digits),
        _ => (1, value),
    };
    let mut number = 0;
    for &byte in digits {
        match byte {
            b'0'..=b'9' if number < i64::from(MOST_SECONDS) => {
                number = 10 * number + i64::from(byte - b'0');
            }
            b';' => return Some(sign * number),
            _ => return None,
        }
    }
    None
}

/// A message whose sender is told where it is not delivered in time; it is delivered later all the
/// same (mode N). Its form is that of [`DeliverBy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotifyBy {
    seconds: i32,
    trace: bool,
}

impl NotifyBy {
    /// Within this many seconds, from -999 999 999 to 999 999 999; a time that has passed asks for
    /// the report at once. `None` for another number.
    pub fn seconds(seconds: i32) -> Option<Self> {
        (seconds.unsigned_abs() <= MOST_SECONDS).then_some(Self { seconds, trace: false })
    }

    /// Asks each server on the way for a report as well.
    #[must_use]
    pub fn trace(self) -> Self {
        Self { trace: true, ..self }
    }
}

impl MailParameter for NotifyBy {
    fn into_parameter(self) -> Parameter {
        by(self.seconds, 'N', self.trace)
    }
}

impl MayBeLeftOut for NotifyBy {}

fn by(seconds: impl std::fmt::Display, mode: char, trace: bool) -> Parameter {
    let trace = if trace { "T" } else { "" };
    Parameter::new("BY", format!("{seconds};{mode}{trace}"), DeliverByExtension::KEYWORD).raises(17)
}
