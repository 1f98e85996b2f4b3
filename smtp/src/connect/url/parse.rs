//! The parts of a URL (RFC 3986 §3), as far as a submission server has them.

use std::net::Ipv6Addr;

use zeroize::Zeroizing;

use super::error::UrlError;
use crate::secret::Secret;

/// The parts of a URL, as they stand there.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a, S> {
    pub(super) scheme: S,
    /// The user, and the password or nothing.
    pub(super) login: Option<(&'a str, &'a str)>,
    /// Without brackets; a zone of IPv6 is not decoded.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) query: &'a str,
}

/// Takes a URL of one of these schemes apart. Where a delimiter stands in the user or the password, this is said first: all
/// that follows it would be taken for something else.
pub(super) fn parts<'a, S: Copy>(
    url: &'a str,
    schemes: &[(&str, S)],
) -> Result<Parts<'a, S>, UrlError> {
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Character);
    }
    let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
    let known = schemes.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known));
    let scheme = known.ok_or(UrlError::Scheme)?.1;
    let (authority, after) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if after.contains('@') || authority.matches('@').count() > 1 {
        return Err(UrlError::Unescaped);
    }
    let (login, place) = match authority.split_once('@') {
        Some((user, place)) => (Some(login(user)?), place),
        None => (None, authority),
    };
    let (host, port) = place_parts(place)?;
    if after.contains('#') {
        return Err(UrlError::Fragment);
    }
    let (path, query) = after.split_once('?').unwrap_or((after, ""));
    if !matches!(path, "" | "/") {
        return Err(UrlError::Path);
    }
    Ok(Parts { scheme, login, host, port, query })
}

/// `userinfo = user [ ":" password ]`. The first colon ends the user.
fn login(text: &str) -> Result<(&str, &str), UrlError> {
    match text.split_once(':').unwrap_or((text, "")) {
        ("", _) => Err(UrlError::NoUser),
        both => Ok(both),
    }
}

/// Decodes a user and a password, of which neither may be missing.
pub(super) fn user_and_password(
    (user, password): (&str, &str),
) -> Result<(String, Secret), UrlError> {
    if password.is_empty() {
        return Err(UrlError::NoPassword);
    }
    let (user, mut password) = (decode_text(user)?, decode(password)?);
    if user.contains('\0') || password.contains(&0) {
        return Err(UrlError::Nul);
    }
    Ok((user, Secret::from(std::mem::take(&mut *password))))
}

/// `host [ ":" port ]`
fn place_parts(text: &str) -> Result<(&str, Option<u16>), UrlError> {
    if let Some(inner) = text.strip_prefix('[') {
        let (address, after) = inner.split_once(']').ok_or(UrlError::Brackets)?;
        let (bare, zone) = address.split_once("%25").unwrap_or((address, "0"));
        let is_of_zones = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if bare.parse::<Ipv6Addr>().is_err() || zone.is_empty() || !zone.chars().all(is_of_zones) {
            return Err(UrlError::Brackets);
        }
        return match after.strip_prefix(':') {
            Some(digits) => Ok((address, Some(port(digits)?))),
            None if after.is_empty() => Ok((address, None)),
            None => Err(UrlError::Port),
        };
    }
    let (host, digits) = match text.split_once(':') {
        Some((_, digits)) if digits.contains(':') => return Err(UrlError::Brackets),
        Some((host, digits)) => (host, Some(digits)),
        None => (text, None),
    };
    // Names of other alphabets are turned into A-labels, or refused, where they are looked up.
    let is_of_names = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.is_empty() || !host.chars().all(is_of_names) {
        return Err(UrlError::Host);
    }
    Ok((host, digits.map(port).transpose()?))
}

fn port(digits: &str) -> Result<u16, UrlError> {
    match number(digits) {
        Some(port) if port != 0 => u16::try_from(port).map_err(|_| UrlError::Port),
        _ => Err(UrlError::Port),
    }
}

/// A number of digits alone: a sign is none.
pub(super) fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Decodes `%41` to `A` (RFC 3986 §2.1). A `+` is a plus. The buffer never grows, so that no part
/// of a password is left in a smaller one.
pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, UrlError> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => match (bytes.next().and_then(digit), bytes.next().and_then(digit)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(UrlError::Percent),
            },
            other => other,
        });
    }
    Ok(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// As [`decode`], of a text that is no secret.
pub(super) fn decode_text(text: &str) -> Result<String, UrlError> {
    let decoded = decode(text)?;
    std::str::from_utf8(&decoded).map(ToOwned::to_owned).map_err(|_| UrlError::Utf8)
}
