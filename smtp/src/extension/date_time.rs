//! Points in time, as parameters have them.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time, in whole seconds. It is written in UTC.
///
/// ```text
/// date-time = full-date "T" full-time      ; RFC 3339 §5.6
/// ```
///
/// ```
/// use smtp::extension::DateTime;
///
/// let time: DateTime = "2026-01-31T13:00:00+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-31T12:00:00Z");
/// assert_eq!(time.unix_seconds(), 1_769_860_800);
/// # Ok::<(), smtp::extension::DateTimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

const DAY: i64 = 86_400;

impl DateTime {
    /// 0000-01-01T00:00:00Z, the first that RFC 3339 can write.
    const FIRST: i64 = -62_167_219_200;
    /// 9999-12-31T23:59:59Z, the last.
    const LAST: i64 = 253_402_300_799;

    /// So many seconds after the first second of 1970, in UTC; `None` for a year that has not four
    /// digits.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        (Self::FIRST..=Self::LAST).contains(&seconds).then_some(Self(seconds))
    }

    /// Seconds since the first second of 1970, in UTC.
    pub fn unix_seconds(self) -> i64 {
        self.0
    }
}

/// Fractions of a second are left out.
impl TryFrom<SystemTime> for DateTime {
    type Error = DateTimeError;

    fn try_from(time: SystemTime) -> Result<Self, DateTimeError> {
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).ok(),
            Err(before) => {
                let before = before.duration();
                let begun = i64::from(before.subsec_nanos() > 0);
                i64::try_from(before.as_secs()).ok().map(|seconds| -seconds - begun)
            }
        };
        seconds.and_then(Self::from_unix_seconds).ok_or(DateTimeError)
    }
}

impl Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl FromStr for DateTime {
    type Err = DateTimeError;

    /// Fractions of a second are left out; a leap second is the last second of its minute.
    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        parse(text.as_bytes()).and_then(Self::from_unix_seconds).ok_or(DateTimeError)
    }
}

/// Days from the first of March of the year 0 to the first day of 1970.
const TO_1970: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats itself.
const DAYS_OF_400_YEARS: i64 = 146_097;

/// The year, month and day that is so many days after the first day of 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + TO_1970;
    let (cycle, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    // A year is taken to begin in March, so that its leap day is the last one. Without the leap days
    // before it (one after each 1460 days, but none after each 36 524) all years have 365.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // From March on, each five months have 153 days.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * cycle + year + i64::from(month <= 2), month, day)
}

/// Days from the first day of 1970 to this one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    cycle * DAYS_OF_400_YEARS + 365 * year + year / 4 - year / 100 + day_of_year - TO_1970
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// ```text
/// full-date    = 4DIGIT "-" 2DIGIT "-" 2DIGIT
/// full-time    = 2DIGIT ":" 2DIGIT ":" 2DIGIT ["." 1*DIGIT] ( "Z" / ("+" / "-") 2DIGIT ":" 2DIGIT )
/// ```
fn parse(text: &[u8]) -> Option<i64> {
    let (date_and_time, rest) = text.split_at_checked(19)?;
    let number = |at: usize, length: usize| number(date_and_time.get(at..at + length)?);
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let separated = separators.iter().all(|&(at, byte)| text[at].eq_ignore_ascii_case(&byte));
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let valid = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !separated || !valid {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second.min(59);
    Some(seconds - offset(without_fraction(rest)?)?)
}

/// `time-secfrac = "." 1*DIGIT`
fn without_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = text.strip_prefix(b".") else {
        return Some(text);
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 { fraction.get(digits..) } else { None }
}

/// `time-offset = "Z" / time-numoffset`, in seconds.
fn offset(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., _, _, _] if text.len() == 6 && text[3] == b':' => {
            let (hours, minutes) = (number(hours)?, number(&text[4..])?);
            let seconds = hours * 3600 + minutes * 60;
            let valid = hours < 24 && minutes < 60;
            valid.then_some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// A few digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// A text that is no date and time of RFC 3339, or a time in a year that has not four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeError;

impl Display for DateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a date and time such as 2026-01-31T12:00:00Z, in a year of four digits (RFC 3339)",
        )
    }
}

impl std::error::Error for DateTimeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_733_129_770, "2024-12-02T08:56:10Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (DateTime::FIRST, "0000-01-01T00:00:00Z"),
            (DateTime::LAST, "9999-12-31T23:59:59Z"),
        ];
        for (seconds, text) in table {
            let time = DateTime::from_unix_seconds(seconds).expect("a time");
            assert_eq!(time.to_string(), text);
            assert_eq!(text.parse(), Ok(time));
        }
        assert_eq!(DateTime::from_unix_seconds(DateTime::FIRST - 1), None);
        assert_eq!(DateTime::from_unix_seconds(DateTime::LAST + 1), None);
    }

    /// One day after the other, over the years in which each rule of the calendar is used.
    #[test]
    fn each_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1895, 12, 31);
        for days in days(year, month, day)..days(2105, 1, 1) {
            assert_eq!(date(days), (year, month, day));
            day += 1;
            if day > days_of_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn other_forms_and_no_forms() {
        let same = DateTime::from_unix_seconds(1_769_860_800);
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31t12:00:00z",
            "2026-01-31T12:00:00.999Z",
            "2026-01-31T12:00:00-00:00",
            "2026-02-01T02:30:00+14:30",
            "2026-01-31T00:00:00-12:00",
        ] {
            assert_eq!(text.parse().ok(), same, "{text}");
        }
        assert_eq!("1990-12-31T23:59:60Z".parse(), "1990-12-31T23:59:59Z".parse::<DateTime>());
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "2026-02-29T12:00:00Z",
            "2026-00-01T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z",
            "2026-01-31T12:00:61Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+1:00",
            "2026-01-31T12:00:00+24:00",
            "2026-01-31T12:00:00Zx",
            "+026-01-31T12:00:00Z",
            "2026-01-31T12:00:0\u{e9}Z",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(text.parse::<DateTime>(), Err(DateTimeError), "{text}");
        }
    }

    #[test]
    fn system_times_lose_their_fraction() {
        use std::time::Duration;
        let table = [(1500, 1, true), (999, 0, true), (1500, -2, false), (1000, -1, false)];
        for (milliseconds, seconds, after) in table {
            let by = Duration::from_millis(milliseconds);
            let time = if after { UNIX_EPOCH + by } else { UNIX_EPOCH - by };
            assert_eq!(DateTime::try_from(time).map(DateTime::unix_seconds), Ok(seconds));
        }
    }
}
