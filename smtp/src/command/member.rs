//! A member: a user as VRFY and EXPN name one.

use std::str::FromStr;

use smtp_grammar::{Mailbox, SyntaxError};

/// A mailbox, and the name of its user where there is one.
///
/// ```text
/// [ User-Name SP ] "<" Mailbox ">" / Mailbox      ; RFC 5321 §3.5.2
/// ```
///
/// ```
/// let member: smtp::command::Member = "Ada Lovelace <ada@example.org>".parse().unwrap();
/// assert_eq!(member.name.as_deref(), Some("Ada Lovelace"));
/// assert_eq!(member.mailbox.to_string(), "ada@example.org");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The name, without its quotes.
    pub name: Option<String>,
    /// The mailbox.
    pub mailbox: Mailbox,
}

impl FromStr for Member {
    type Err = SyntaxError;

    /// A server may put words around it: the last path in angle brackets counts.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let text = text.trim();
        let path = text.rsplit_once('<').and_then(|(before, path)| {
            let (mailbox, _) = path.split_once('>')?;
            Some((before, mailbox))
        });
        let Some((before, mailbox)) = path else {
            return Ok(Self { name: None, mailbox: text.parse()? });
        };
        let name = unquoted(before.trim());
        Ok(Self { name: (!name.is_empty()).then_some(name), mailbox: mailbox.parse()? })
    }
}

/// A name without its quotes, where it is one quoted string (RFC 5321 §4.1.2).
fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            character => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members() {
        let table = [
            ("ada@example.org", Some((None, "ada@example.org"))),
            ("<ada@example.org>", Some((None, "ada@example.org"))),
            ("Ada Lovelace <ada@example.org>", Some((Some("Ada Lovelace"), "ada@example.org"))),
            (
                "\"A. \\\"Ada\\\" L\" <ada@example.org>",
                Some((Some("A. \"Ada\" L"), "ada@example.org")),
            ),
            ("2 < 3 <ada@example.org> and more", Some((Some("2 < 3"), "ada@example.org"))),
            (
                "\u{410}\u{434}\u{430} <ada@example.org>",
                Some((Some("\u{410}\u{434}\u{430}"), "ada@example.org")),
            ),
            ("no such thing", None),
            ("Ada <ada@example.org", None),
            ("Ada <>", None),
            ("", None),
        ];
        for (text, expected) in table {
            let member = text.parse::<Member>().ok();
            let found = member.as_ref().map(|one| (one.name.as_deref(), one.mailbox.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
