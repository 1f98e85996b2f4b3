//! The challenge of DIGEST-MD5: a list of directives.

use crate::error::mechanism::MechanismError;

/// The directives of a challenge that the response depends on.
///
/// ```text
/// digest-challenge = 1#( realm | nonce | qop-options | stale | maxbuf | charset
///                      | algorithm | cipher-opts | auth-param )      ; RFC 2831 §2.1.1
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DigestChallenge {
    realms: Vec<String>,
    pub(super) nonce: String,
    pub(super) utf8: bool,
}

/// "The size of a digest-challenge MUST be less than 2048 bytes."
const MAX_CHALLENGE: usize = 2048;

impl DigestChallenge {
    pub(super) fn parse(text: &[u8]) -> Result<Self, MechanismError> {
        let text = std::str::from_utf8(text).map_err(|_| unreadable())?;
        if text.len() >= MAX_CHALLENGE {
            return Err(unreadable());
        }
        let (mut realms, mut nonce, mut algorithm, mut qop, mut utf8) =
            (Vec::new(), None, None, None, false);
        for (name, value) in directives(text)? {
            match &*name {
                "realm" => realms.push(value),
                "nonce" if nonce.is_none() => nonce = Some(value),
                "algorithm" if algorithm.is_none() => algorithm = Some(value),
                // "If this directive is present multiple times, abort."
                "nonce" | "algorithm" => return Err(unreadable()),
                "qop" => qop = Some(value),
                "charset" => utf8 = value.eq_ignore_ascii_case("utf-8"),
                _ => {}
            }
        }
        let has_auth = |list: &String| {
            list.split(',').any(|option| option.trim().eq_ignore_ascii_case("auth"))
        };
        if qop.as_ref().is_some_and(|list| !has_auth(list)) {
            return Err(MechanismError::new(
                "the server demands a security layer, which this mechanism does not negotiate",
            ));
        }
        if !algorithm.is_some_and(|name| name.eq_ignore_ascii_case("md5-sess")) {
            return Err(unreadable());
        }
        let nonce = nonce.filter(|nonce| !nonce.is_empty()).ok_or_else(unreadable)?;
        Ok(Self { realms, nonce, utf8 })
    }

    /// The realm of the caller, the only one, or the server's name where none is offered.
    pub(super) fn realm<'a>(
        &'a self,
        own: Option<&'a str>,
        host: &'a str,
    ) -> Result<&'a str, MechanismError> {
        match (own, &*self.realms) {
            (Some(own), _) => Ok(own),
            (None, []) => Ok(host),
            (None, [only]) => Ok(only),
            (None, several) => Err(MechanismError::new(format!(
                "the server offers several realms ({}): choose one with `realm`",
                several.join(", ").escape_debug()
            ))),
        }
    }
}

/// `#( token "=" ( token | quoted-string ) )`, with empty elements and blanks between them.
fn directives(text: &str) -> Result<Vec<(String, String)>, MechanismError> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        if rest.is_empty() {
            return Ok(found);
        }
        let (name, after) = rest.split_once('=').ok_or_else(unreadable)?;
        let name = name.trim_end().to_ascii_lowercase();
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find([',', ' ', '\t', '\r', '\n']).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        found.push((name, value));
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(unreadable());
        }
    }
}

/// The text of a quoted string, and the rest after its end.
fn unquote(text: &str) -> Result<(String, &str), MechanismError> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(characters.next().ok_or_else(unreadable)?.1),
            other => value.push(other),
        }
    }
    Err(unreadable())
}

fn unreadable() -> MechanismError {
    MechanismError::new("the server's challenge is none of DIGEST-MD5 (RFC 2831 §2.1.1)")
}
