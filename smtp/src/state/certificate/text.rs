//! The text of the parts of a certificate. They are the server's own, so that nothing of them is
//! shown without being escaped and cut.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::der::{Elements, tag};

/// Names that are shown.
const SHOWN_NAMES: usize = 5;
/// Characters of each of them that are shown.
const SHOWN_CHARACTERS: usize = 80;

/// A text of the server's.
pub(super) fn escaped(text: &str) -> String {
    text.escape_debug().take(SHOWN_CHARACTERS).collect()
}

/// The first of these names, escaped, and how many more there are. None: there is no name.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    joined(&names.map(escaped).collect::<Vec<_>>())
}

/// The same, of names that are escaped already.
pub(super) fn joined(names: &[String]) -> Option<String> {
    let (shown, more) = names.split_at(names.len().min(SHOWN_NAMES));
    match (shown, more.len()) {
        ([], _) => None,
        (shown, 0) => Some(shown.join(", ")),
        (shown, more) => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

/// A `GeneralName` (RFC 5280 §4.2.1.6), where it is a host's.
pub(super) fn host((kind, content): (u8, &[u8])) -> Option<String> {
    match kind {
        tag::DNS_NAME => Some(String::from_utf8_lossy(content).into_owned()),
        tag::IP_ADDRESS => {
            let v4 = <[u8; 4]>::try_from(content).map(|bytes| Ipv4Addr::from(bytes).to_string());
            let v6 = <[u8; 16]>::try_from(content).map(|bytes| Ipv6Addr::from(bytes).to_string());
            v4.or(v6).ok()
        }
        _ => None,
    }
}

/// A `Name` (RFC 5280 §4.1.2.4): its common name, organisation and unit.
pub(super) fn name(content: &[u8]) -> String {
    let mut parts = Vec::new();
    for (_, set) in Elements(content) {
        let attribute = Elements(set).enter(tag::SEQUENCE);
        let part = attribute.and_then(|mut attribute| {
            let label = match attribute.content_of(tag::OBJECT_IDENTIFIER)? {
                [0x55, 0x04, 0x03] => "CN",
                [0x55, 0x04, 0x0a] => "O",
                [0x55, 0x04, 0x0b] => "OU",
                _ => return None,
            };
            let (kind, content) = attribute.next()?;
            Some(format!("{label}={}", escaped(&string(kind, content))))
        });
        parts.extend(part);
    }
    if parts.is_empty() { "nameless".to_owned() } else { parts.join(", ") }
}

fn string(kind: u8, content: &[u8]) -> String {
    if kind == tag::BMP_STRING {
        let units = content
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |unit: u16, &byte| unit << 8 | u16::from(byte)));
        return char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect();
    }
    String::from_utf8_lossy(content).into_owned()
}

/// The day of a `Time` (RFC 5280 §4.1.2.5).
pub(super) fn day((kind, content): (u8, &[u8])) -> Option<String> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.is_ascii())?;
    let (year, rest) = match kind {
        tag::UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            // "Where YY is greater than or equal to 50, the year SHALL be interpreted as 19YY".
            (format!("{}{year}", if year >= "50" { 19 } else { 20 }), rest)
        }
        tag::GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    let (month, rest) = rest.split_at_checked(2)?;
    let (day, _) = rest.split_at_checked(2)?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    [&*year, month, day].into_iter().all(is_number).then(|| format!("{year}-{month}-{day}"))
}

/// The name of an `AlgorithmIdentifier` of a signature, as openssl prints it.
pub(crate) fn algorithm(content: &[u8]) -> String {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
    let Some(id) = Elements(content).content_of(tag::OBJECT_IDENTIFIER) else {
        return "an unknown algorithm".to_owned();
    };
    let known = match (id.strip_prefix(RSA), id.strip_prefix(ECDSA), id) {
        (Some([0x04]), ..) => "md5WithRSAEncryption",
        (Some([0x05]), ..) => "sha1WithRSAEncryption",
        (Some([0x0a]), ..) => "rsassaPss",
        (Some([0x0b]), ..) => "sha256WithRSAEncryption",
        (Some([0x0c]), ..) => "sha384WithRSAEncryption",
        (Some([0x0d]), ..) => "sha512WithRSAEncryption",
        (_, Some([0x01]), _) => "ecdsa-with-SHA1",
        (_, Some([0x03, 0x01]), _) => "ecdsa-with-SHA224",
        (_, Some([0x03, 0x02]), _) => "ecdsa-with-SHA256",
        (_, Some([0x03, 0x03]), _) => "ecdsa-with-SHA384",
        (_, Some([0x03, 0x04]), _) => "ecdsa-with-SHA512",
        (.., [0x2b, 0x65, 0x70]) => "ED25519",
        (.., [0x2b, 0x65, 0x71]) => "ED448",
        _ => return dotted(id),
    };
    known.to_owned()
}

/// The kind of a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), with its size or its curve.
pub(super) fn public_key(mut content: Elements<'_>) -> String {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    let kind = content.enter(tag::SEQUENCE).and_then(|mut algorithm| {
        Some((
            algorithm.content_of(tag::OBJECT_IDENTIFIER)?,
            algorithm.content_of(tag::OBJECT_IDENTIFIER),
        ))
    });
    match kind {
        Some((id, _)) if matches!(id.strip_prefix(RSA), Some([0x01 | 0x0a])) => {
            match modulus_bits(content) {
                Some(bits) => format!("RSA, {bits} bits"),
                None => "RSA".to_owned(),
            }
        }
        Some(([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], curve)) => match curve {
            Some([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) => "EC P-256".to_owned(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x22]) => "EC P-384".to_owned(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x23]) => "EC P-521".to_owned(),
            Some(other) => format!("EC {}", dotted(other)),
            None => "EC".to_owned(),
        },
        Some(([0x2b, 0x65, 0x70], _)) => "Ed25519".to_owned(),
        Some(([0x2b, 0x65, 0x71], _)) => "Ed448".to_owned(),
        Some((id, _)) => dotted(id),
        None => "an unknown kind".to_owned(),
    }
}

/// The bits of the modulus of an RSA key (RFC 8017 §A.1.1), which follows its algorithm.
fn modulus_bits(mut rest: Elements<'_>) -> Option<usize> {
    let (_unused_bits, key) = rest.content_of(tag::BIT_STRING)?.split_first()?;
    let modulus = Elements(key).enter(tag::SEQUENCE)?.content_of(tag::INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros)?;
    Some((modulus.len() - zeros) * 8 - usize::try_from(first.leading_zeros()).ok()?)
}

/// An `OBJECT IDENTIFIER` in numbers (X.690 §8.19).
fn dotted(id: &[u8]) -> String {
    let (mut numbers, mut number) = (Vec::new(), 0_u64);
    for &byte in id.iter().take(SHOWN_CHARACTERS) {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first.to_string());
                number -= first * 40;
            }
            numbers.push(number.to_string());
            number = 0;
        }
    }
    numbers.join(".")
}
