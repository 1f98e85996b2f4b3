//! The head of an HTTP response (RFC 9112 §2.1), read to its last byte and no further than the
//! bytes that have come with it.

use httparse::{EMPTY_HEADER, Response, Status};
use smtp_grammar::Escaped;

/// Bytes of all heads of a response together.
pub(super) const MAX_HEAD: usize = 16 << 10;
/// Lines of a head, without the first one.
const MAX_HEADERS: usize = 100;
/// The beginning of every head.
const BEGINNING: &[u8] = b"HTTP/1.";
/// Bytes of a reason phrase that an error shows.
const SHOWN: usize = 80;

/// A head that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// The reason phrase, escaped and bounded. It means nothing to a program (RFC 9112 §4).
    pub(super) reason: String,
    /// The schemes of authentication that the proxy takes, escaped and bounded.
    pub(super) schemes: String,
    /// Its length in bytes.
    pub(super) length: usize,
}

/// Why bytes are no head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// More bytes are needed.
    Partial,
    /// It is none, whatever follows; with what it is instead.
    Invalid(&'static str),
}

/// Reads a head at the beginning of `bytes`. It is known that it does not end within the first
/// `searched` of them: a head that comes byte by byte is not searched again and again.
pub(super) fn parse(bytes: &[u8], searched: usize) -> Result<Head, NoHead> {
    let known = bytes.len().min(BEGINNING.len());
    if bytes[..known] != BEGINNING[..known] {
        return Err(NoHead::Invalid("no HTTP/1 response"));
    }
    let Some(length) = end(bytes, searched) else {
        let is_over = bytes.len() >= MAX_HEAD;
        return Err(if is_over { NoHead::Invalid("an endless head") } else { NoHead::Partial });
    };
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut response = Response::new(&mut headers);
    match response.parse(&bytes[..length]) {
        Ok(Status::Complete(parsed)) if parsed == length => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(NoHead::Invalid("more than 100 lines of a head"));
        }
        _ => return Err(NoHead::Invalid("a malformed head")),
    }
    let status = response.code.ok_or(NoHead::Invalid("a head without a status"))?;
    let schemes: Vec<&[u8]> = (response.headers.iter())
        .filter(|header| header.name.eq_ignore_ascii_case("Proxy-Authenticate"))
        .filter_map(|header| header.value.split(u8::is_ascii_whitespace).next())
        .collect();
    let reason = shown(response.reason.unwrap_or_default().as_bytes());
    Ok(Head { status, reason, schemes: shown(&schemes.join(&b", "[..])), length })
}

fn shown(text: &[u8]) -> String {
    Escaped(&text[..text.len().min(SHOWN)]).to_string()
}

/// The end of the first empty line that follows another one: LF and LF, or LF and CRLF.
fn end(bytes: &[u8], searched: usize) -> Option<usize> {
    // The first LF may be among those that were searched.
    let from = searched.saturating_sub(2).min(bytes.len());
    memchr::memchr_iter(b'\n', &bytes[from..]).find_map(|at| match &bytes[from + at + 1..] {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line() {
        let head = "HTTP/1.1 200 Connection established\r\nVia: 1.1 a\r\n\r\n";
        let bytes = format!("{head}220 mail.example\r\n\r\n");
        let parsed = parse(bytes.as_bytes(), 0).expect("a head");
        assert_eq!((parsed.status, parsed.length), (200, head.len()));
        assert_eq!(parsed.reason, "Connection established");
        for end in 0..head.len() {
            assert_eq!(parse(&head.as_bytes()[..end], 0), Err(NoHead::Partial), "{end}");
            // It is found as well by one who has searched all before.
            let found = parse(bytes.as_bytes(), end).expect("a head");
            assert_eq!(found.length, head.len(), "{end}");
        }
        for head in ["HTTP/1.0 200 OK\n\n", "HTTP/1.1 204\r\n\r\n", "HTTP/1.1 299 \r\n\n"] {
            for searched in 0..head.len() {
                assert_eq!(parse(head.as_bytes(), searched).expect(head).length, head.len());
            }
        }
    }

    #[test]
    fn what_an_error_shows_is_escaped_and_short() {
        let reason = format!("\x1b[31m{}", "x".repeat(500));
        let head = format!("HTTP/1.1 502 {reason}\r\n\r\n");
        // httparse refuses the escape.
        assert!(parse(head.as_bytes(), 0).is_err());
        let head = format!("HTTP/1.1 502 {}\r\n\r\n", "x".repeat(500));
        assert_eq!(parse(head.as_bytes(), 0).expect("a head").reason.len(), SHOWN);
        let head = "HTTP/1.1 407 no\r\nProxy-Authenticate: Digest realm=\"a\"\r\n\
                    proxy-authenticate: NTLM\r\n\r\n";
        assert_eq!(parse(head.as_bytes(), 0).expect("a head").schemes, "Digest, NTLM");
    }

    #[test]
    fn garbage_is_no_head_at_once() {
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        let endless = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(MAX_HEAD));
        // The first bytes of HTTP/2 are a frame of the type SETTINGS (RFC 9113 §3.4).
        let table: [&[u8]; 9] = [
            b"220 mail.example ESMTP\r\n",
            b"\0\0\x12\x04\0\0\0\0\0",
            b"HTTP/2 200\r\n\r\n",
            b"\x15\x03\x01\0\x02\x02\x28",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\na b\r\n\r\n",
            b"\r\nHTTP/1.1 200 OK\r\n\r\n",
            many.as_bytes(),
            endless.as_bytes(),
        ];
        for bytes in table {
            let shown = Escaped(&bytes[..bytes.len().min(30)]).to_string();
            assert!(matches!(parse(bytes, 0), Err(NoHead::Invalid(_))), "{shown}");
        }
    }
}
