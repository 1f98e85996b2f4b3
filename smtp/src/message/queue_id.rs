//! Queue identifiers: the names that servers give to messages, in the words of each.

/// The identifier in the text of a reply, without its enhanced code.
pub(super) fn in_text(text: &str) -> Option<String> {
    // Only the first line: a longer reply explains.
    let text = text.lines().next()?.trim();
    let id = after_a_mark(text).or_else(|| of_known_form(text))?;
    let id = id.trim_matches(['<', '>', '(', ')', '[', ']', ',', ';', '.', '"', '\'']);
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_id.then(|| id.to_owned())
}

/// The word after the mark of a server.
fn after_a_mark(text: &str) -> Option<&str> {
    // Postfix and Dovecot; Exim; Exchange; Haraka.
    let marks = ["queued as ", "id=", "InternalId=", "Message Queued "];
    let (_, rest) = marks.iter().find_map(|mark| text.split_once(mark))?;
    word(rest)
}

/// A reply that is of a known form as a whole.
fn of_known_form(text: &str) -> Option<&str> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match *words {
        // Sendmail and OpenSMTPD: the name, and these words.
        [id, "Message", "accepted", "for", "delivery"] => Some(id),
        // qmail, by the number of its process.
        ["ok", number, "qp", _] => Some(number),
        // Gmail: the time, the name, and who it is.
        [ok, time, id, "-", "gsmtp"] if is_ok(ok) && is_number(time) => Some(id),
        // Amazon SES and others: one word after OK, which is no word of a language.
        [ok, id] if is_ok(ok) && id.len() >= 8 && has_digit(id) => Some(id),
        // Dovecot and others by LMTP: the recipient, the name, and this word.
        [recipient, id, "Saved"] if recipient.starts_with('<') => Some(id),
        _ => None,
    }
}

fn word(text: &str) -> Option<&str> {
    text.split_ascii_whitespace().next()
}

fn is_ok(word: &str) -> bool {
    word.trim_end_matches(['.', ':', ',']).eq_ignore_ascii_case("ok")
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_ids_of_servers_in_use() {
        let table = [
            ("Ok: queued as 4F2K1x0Zz9", Some("4F2K1x0Zz9")),
            ("OK id=1tFxyz-000000-Ab", Some("1tFxyz-000000-Ab")),
            ("Message accepted, queued as <abc>", Some("abc")),
            ("Ok: queued as 12345.", Some("12345")),
            ("56QFZmBb012345 Message accepted for delivery", Some("56QFZmBb012345")),
            ("1a2b3c4d Message accepted for delivery", Some("1a2b3c4d")),
            (
                "<x@y> [InternalId=4711, Hostname=mx.example.net] Queued mail for delivery",
                Some("4711"),
            ),
            ("Message Queued (8B2F7AE4-0E2C-4E8B-9A0D-1.1)", Some("8B2F7AE4-0E2C-4E8B-9A0D-1.1")),
            ("ok 1700000000 qp 12345", Some("1700000000")),
            ("OK  1700000000 5b1f17b1804b1-4-20si9999 - gsmtp", Some("5b1f17b1804b1-4-20si9999")),
            ("Ok 0100018c5a8f-000000", Some("0100018c5a8f-000000")),
            ("<me@example.org> kN3xAbCd Saved", Some("kN3xAbCd")),
            ("OK", None),
            ("Ok thanks", None),
            ("Ok: queued as ", None),
            ("Ok: queued as <>", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(in_text(text).as_deref(), expected, "{text}");
        }
    }
}
