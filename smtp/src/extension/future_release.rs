//! FUTURERELEASE: messages that the server holds until later (RFC 4865).

use smtp_grammar::{Capability, Params};

use super::date_time::DateTime;
use super::deliver_by;
use super::parameter::{Conditions, MailParameter, Parameter};
use super::unmet::Unmet;

/// The keyword FUTURERELEASE.
///
/// ```text
/// future-release-param = max-interval SP max-datetime
/// max-interval         = %x31-39 *8DIGIT
/// max-datetime         = date-time      ; RFC 4865 §4
/// ```
///
/// A limit that cannot be read is as if it were not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FutureRelease {
    /// Seconds that the server holds a message at most.
    pub longest: Option<u32>,
    /// The time until when the server holds a message at most.
    pub latest: Option<DateTime>,
}

impl Capability for FutureRelease {
    const KEYWORD: &'static str = "FUTURERELEASE";

    /// A server that lists it more than once means the smallest limits.
    fn parse(params: Params<'_>) -> Self {
        let smaller = |old: Option<_>, new| old.map_or(Some(new), |old: u32| Some(old.min(new)));
        let mut limits = Self::default();
        for param in params {
            if let Some(interval) = interval(param) {
                limits.longest = smaller(limits.longest, interval);
            } else if let Ok(time) = param.parse() {
                limits.latest = Some(limits.latest.map_or(time, |old: DateTime| old.min(time)));
            }
        }
        limits
    }
}

/// `%x31-39 *8DIGIT`
fn interval(text: &str) -> Option<u32> {
    let digits = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && !text.starts_with('0') { text.parse().ok() } else { None }
}

/// A message that the server holds for so many seconds.
///
/// ```text
/// "HOLDFOR=" %x31-39 *8DIGIT      ; RFC 4865 §5
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldFor(u32);

impl HoldFor {
    /// For this many seconds, from 1 to 999 999 999; `None` for another number.
    pub fn seconds(seconds: u32) -> Option<Self> {
        (1..=999_999_999).contains(&seconds).then_some(Self(seconds))
    }

    /// Until a point in time, by the clock of a caller for whom it is `now`; `None` where that is
    /// not 1 to 999 999 999 seconds away.
    ///
    /// It is the way to give a point in time together with BY: a [`HoldUntil`] and a time from MAIL
    /// on cannot be compared without a clock.
    pub fn until(time: DateTime, now: DateTime) -> Option<Self> {
        u32::try_from(time.unix_seconds() - now.unix_seconds()).ok().and_then(Self::seconds)
    }
}

impl MailParameter for HoldFor {
    fn into_parameter(self) -> Parameter {
        hold("HOLDFOR", self.0.to_string()).needs_own(not_too_long)
    }
}

/// A message that the server holds until a point in time.
///
/// ```text
/// "HOLDUNTIL=" date-time      ; RFC 4865 §5, in UTC
/// ```
///
/// "The deliver-by time MUST be later than the release time" is not checked: BY counts from MAIL
/// on, and this crate does not ask the clock for it. [`HoldFor::until`] is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldUntil(DateTime);

impl HoldUntil {
    /// Until then.
    pub fn new(time: DateTime) -> Self {
        Self(time)
    }
}

impl MailParameter for HoldUntil {
    fn into_parameter(self) -> Parameter {
        hold("HOLDUNTIL", self.0.to_string()).needs_own(not_too_late)
    }
}

fn hold(keyword: &'static str, value: String) -> Parameter {
    Parameter::new(keyword, value, FutureRelease::KEYWORD).raises(34)
}

pub(super) fn not_too_long(conditions: &Conditions<'_>) -> Result<(), Unmet> {
    let Some(seconds) = conditions.number() else {
        return Ok(());
    };
    for limit in conditions.capabilities().numbers(FutureRelease::KEYWORD) {
        if limit > 0 && i64::from(limit) < seconds {
            return Err(too_long(limit));
        }
    }
    // "the deliver-by time MUST be later than the release time" (RFC 4865 §5).
    let by = conditions.other("BY").and_then(deliver_by::seconds);
    if by.is_some_and(|by| by <= seconds) {
        return Err(Unmet::by_caller(
            "the message is to be delivered (BY) before it is released: give BY a later time",
        ));
    }
    Ok(())
}

#[cold]
fn too_long(limit: u32) -> Unmet {
    Unmet::by_server(format!(
        "the server holds a message for {limit} seconds at most: give a shorter time (RFC 4865 §4)"
    ))
}

pub(super) fn not_too_late(conditions: &Conditions<'_>) -> Result<(), Unmet> {
    // A message "MUST NOT" have both (RFC 4865 §5).
    if conditions.other("HOLDFOR").is_some() {
        return Err(Unmet::by_caller("HOLDFOR is given too: give one of the two"));
    }
    let value = conditions.value();
    for line in conditions.capabilities().raw_params(FutureRelease::KEYWORD) {
        if !ends_in_later(line, value) {
            check_latest(line, value)?;
        }
    }
    Ok(())
}

/// Whether a line ends in a time that is certainly no earlier than this one.
// A delivery asks for each message. Times in UTC, without fractions of a second, have texts of one
// length and are ordered as these are.
fn ends_in_later(line: &[u8], time: &str) -> bool {
    match (line.last_chunk::<21>(), <&[u8; 20]>::try_from(time.as_bytes())) {
        (Some([b' ', limit @ .., b'Z']), Ok([time @ .., b'Z'])) => limit >= time,
        _ => false,
    }
}

/// Compares the times, whatever their form.
#[cold]
fn check_latest(line: &[u8], value: &str) -> Result<(), Unmet> {
    let words = line.split(|&byte| byte == b' ').filter_map(|word| std::str::from_utf8(word).ok());
    let limit = words.filter_map(|word| word.parse::<DateTime>().ok()).min();
    match (limit, value.parse::<DateTime>()) {
        (Some(limit), Ok(time)) if limit < time => Err(Unmet::by_server(format!(
            "the server holds a message until {limit} at most: give an earlier time (RFC 4865 §4)"
        ))),
        _ => Ok(()),
    }
}
