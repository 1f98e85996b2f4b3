//! Readers of parameters, each written from its ABNF and from nothing of the library: what they
//! read from a line must be what was put into the command.

/// `esmtp-param = esmtp-keyword ["=" esmtp-value]` (RFC 5321 §4.1.2): the keyword and the value.
pub(in crate::behaviour) fn parameter(word: &str) -> (&str, Option<&str>) {
    match word.find('=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    }
}

/// Whether a value is an `esmtp-value = 1*(%d33-60 / %d62-126)`.
pub(in crate::behaviour) fn is_value(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| matches!(byte, 33..=60 | 62..=126))
}

/// `xtext = *( xchar / "+" 2HEXDIG )`, with capital digits (RFC 3461 §4).
pub(in crate::behaviour) fn xtext(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => {
                let [high, low, after @ ..] = rest else {
                    return None;
                };
                bytes.push(hexadecimal(*high)? * 16 + hexadecimal(*low)?);
                rest = after;
            }
            b'=' | 0..=32 | 127.. => return None,
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// `utf-8-addr-xtext = 1*( QCHAR / "\x{" HEXPOINT "}" )` (RFC 6533 §3).
pub(in crate::behaviour) fn utf8_address(text: &str) -> Option<String> {
    let mut address = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(point) = rest.strip_prefix("\\x{") {
            let (digits, after) = point.split_once('}')?;
            // No leading zeros beyond two digits, capitals alone, and nothing that QCHAR has.
            let short = digits.len() == 2 || (digits.len() > 2 && !digits.starts_with('0'));
            let capital = digits.bytes().all(|digit| hexadecimal(digit).is_some());
            let point = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            if !short || !capital || is_qchar(point) {
                return None;
            }
            address.push(point);
            rest = after;
        } else {
            if !is_qchar(first) {
                return None;
            }
            address.push(first);
            rest = &rest[1..];
        }
    }
    Some(address)
}

/// `QCHAR = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e`
fn is_qchar(character: char) -> bool {
    matches!(u32::from(character), 0x21..=0x2a | 0x2c..=0x3c | 0x3e..=0x5b | 0x5d..=0x7e)
}

/// `by-time ";" ("N" / "R") ["T"]`, `by-time = ["-" / "+"] 1*9DIGIT` (RFC 2852 §4).
pub(in crate::behaviour) fn by(value: &str) -> Option<(i64, char, bool)> {
    let (time, mode) = value.split_once(';')?;
    let (mode, trace) = match mode {
        "N" | "R" => (mode, false),
        "NT" | "RT" => (&mode[..1], true),
        _ => return None,
    };
    let (sign, digits) = match time.as_bytes()[0] {
        b'-' => (-1, &time[1..]),
        b'+' => (1, &time[1..]),
        _ => (1, time),
    };
    Some((sign * digits_of(digits, 9)?, mode.chars().next()?, trace))
}

/// `1*9DIGIT` and the like.
pub(in crate::behaviour) fn digits_of(text: &str, most: usize) -> Option<i64> {
    let valid = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// `date-time` in UTC without fractions (RFC 3339 §5.6), as seconds since 1970: the days are
/// counted year by year and month by month.
pub(in crate::behaviour) fn time(text: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| {
        let length = range.len();
        digits_of(text.get(range)?, length)
    };
    let marks = text.len() == 20
        && [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':'), (19, 'Z')]
            .iter()
            .all(|&(at, mark)| text[at..].starts_with(mark));
    if !marks {
        return None;
    }
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_year = |year| if is_leap(year) { 366 } else { 365 };
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let mut days: i64 = if year >= 1970 {
        (1970..year).map(days_of_year).sum()
    } else {
        -(year..1970).map(days_of_year).sum::<i64>()
    };
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months.iter().take(usize::try_from(month).ok()? - 1).sum::<i64>() + day - 1;
    Some(days * 86_400 + part(11..13)? * 3600 + part(14..16)? * 60 + part(17..19)?)
}

/// `certifier [":" 1*9DIGIT]`, where the certifier is base64 of 20 bytes without its last `=`
/// (RFC 3885 §4).
pub(in crate::behaviour) fn tracking(value: &str) -> Option<([u8; 20], Option<i64>)> {
    let (certifier, timeout) = match value.split_once(':') {
        Some((certifier, timeout)) => (certifier, Some(digits_of(timeout, 9)?)),
        None => (value, None),
    };
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = Vec::new();
    for character in certifier.chars() {
        let sextet = alphabet.find(character)?;
        bits.extend((0..6).rev().map(|bit| u8::from(sextet >> bit & 1 == 1)));
    }
    let (bytes, rest) = bits.as_chunks::<8>();
    if bytes.len() != 20 || rest.contains(&1) {
        return None;
    }
    let byte = |bits: &[u8; 8]| bits.iter().fold(0, |byte, bit| byte << 1 | bit);
    let bytes: Vec<u8> = bytes.iter().map(byte).collect();
    Some((bytes.try_into().ok()?, timeout))
}
