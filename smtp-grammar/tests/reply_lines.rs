//! Lines of replies and whole replies: which bytes are one, and which are neither (RFC 5321 §4.2).

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use bytes::Bytes;

use smtp_grammar::{EnhancedStatusCode, Reply, ReplyCode, ReplyLine, Severity};

/// A whole reply as it stands on the wire.
fn reply(frame: &[u8]) -> Reply {
    Reply::from_frame(Bytes::copy_from_slice(frame)).expect("a reply")
}

#[test]
fn lines() {
    const LAST: bool = true;
    const MORE: bool = false;
    let table: &[(&str, &[u8], Option<(u16, bool, &[u8])>)] = &[
        ("code, space, text", b"250 ok", Some((250, LAST, b"ok"))),
        ("code, hyphen, text", b"250-ok", Some((250, MORE, b"ok"))),
        ("a code alone", b"250", Some((250, LAST, b""))),
        ("no text after the space", b"250 ", Some((250, LAST, b""))),
        ("no text after the hyphen", b"250-", Some((250, MORE, b""))),
        ("a tab for the space", b"250\tok", Some((250, LAST, b"ok"))),
        ("two spaces", b"250  ok", Some((250, LAST, b" ok"))),
        ("a hyphen in the text", b"250 -ok", Some((250, LAST, b"-ok"))),
        ("a code in the text", b"250 550 ok", Some((250, LAST, b"550 ok"))),
        ("a bare CR is text", b"250 a\rb", Some((250, LAST, b"a\rb"))),
        ("NUL and ESC are text", b"250 a\0\x1b[2Jb", Some((250, LAST, b"a\0\x1b[2Jb"))),
        ("Latin-1 is text", b"550 caf\xe9", Some((550, LAST, b"caf\xe9"))),
        ("UTF-8 is text", "550 né".as_bytes(), Some((550, LAST, "né".as_bytes()))),
        ("the lowest code", b"200 ok", Some((200, LAST, b"ok"))),
        ("the highest code", b"599 no", Some((599, LAST, b"no"))),
        ("beyond x5z", b"571 no", Some((571, LAST, b"no"))),
        ("an underscore", b"250_ok", None),
        ("four digits", b"2500 ok", None),
        ("a letter", b"250ok", None),
        ("a CR after the code", b"250\r", None),
        ("NUL after the code", b"250\0", None),
        ("a vertical tab", b"250\x0bok", None),
        ("a no-break space", b"250\xa0ok", None),
        ("nothing", b"", None),
        ("a space before the code", b" 250 ok", None),
        ("a tab before the code", b"\t250 ok", None),
        ("a byte order mark", b"\xef\xbb\xbf250 ok", None),
        ("one digit", b"2", None),
        ("two digits", b"25", None),
        ("two digits and text", b"25 ok", None),
        ("no digits", b"ok", None),
        ("another protocol", b"* OK IMAP4rev1", None),
        ("class 0", b"050 ok", None),
        ("class 1", b"150 ok", None),
        ("class 6", b"650 ok", None),
        ("class 9", b"999 ok", None),
        ("letters for digits", b"2O0 ok", None),
        ("digits of another script", "\u{662}\u{665}\u{660} ok".as_bytes(), None),
        ("a sign", b"+25 ok", None),
    ];
    for &(name, line, expected) in table {
        let found =
            ReplyLine::parse(line).ok().map(|line| (line.code.value(), line.last, line.text));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_byte_after_a_code() {
    for byte in 0..=u8::MAX {
        let line = [b'2', b'5', b'0', byte, b'x'];
        let expected = match byte {
            b' ' | b'\t' => Some(true),
            b'-' => Some(false),
            _ => None,
        };
        assert_eq!(ReplyLine::parse(&line).ok().map(|line| line.last), expected, "{byte:#04x}");
    }
}

#[test]
fn frames() {
    let table: &[(&str, &[u8], Result<&[&str], &str>)] = &[
        ("one line", b"250 a\r\n", Ok(&["a"])),
        ("a code alone", b"250\r\n", Ok(&[""])),
        ("two lines", b"250-a\r\n250 b\r\n", Ok(&["a", "b"])),
        ("an empty line of text", b"250-a\r\n250-\r\n250 b\r\n", Ok(&["a", "", "b"])),
        ("the last line is a code alone", b"250-a\r\n250\r\n", Ok(&["a", ""])),
        ("a bare CR is text", b"250-a\rb\r\n250 \rc\r\n", Ok(&["a\rb", "\rc"])),
        ("one CR belongs to the line end", b"250 a\r\r\n", Ok(&["a\r"])),
        ("two codes", b"250-a\r\n550 b\r\n", Err("different codes, 250 and 550")),
        ("two codes of a kind", b"250-a\r\n251 b\r\n", Err("different codes, 250 and 251")),
        ("a greeting in two minds", b"220-a\r\n521 b\r\n", Err("different codes, 220 and 521")),
        ("nothing", b"", Err("ends before its last line")),
        ("no last line", b"250-a\r\n250-b\r\n", Err("ends before its last line")),
        ("no line end", b"250 a", Err("ends before its last line")),
        ("no line end on the last line", b"250-a\r\n250 b", Err("ends before its last line")),
        ("half a line end", b"250 a\r", Err("ends before its last line")),
        ("a bare LF", b"250 a\n", Err("ends with LF instead of CRLF")),
        ("a bare LF inside", b"250-a\n250 b\r\n", Err("ends with LF instead of CRLF")),
        ("two replies", b"250 a\r\n250 b\r\n", Err("something follows")),
        ("half a second reply", b"250 a\r\n2", Err("something follows")),
        (
            "garbage inside",
            b"250-a\r\ngarbage\r\n250 b\r\n",
            Err("does not begin with a reply code"),
        ),
        ("an empty line", b"\r\n250 b\r\n", Err("does not begin with a reply code")),
        ("no separator inside", b"250-a\r\n250b\r\n", Err("0x62 follows a reply code")),
    ];
    for &(name, frame, expected) in table {
        let found = Reply::from_frame(Bytes::copy_from_slice(frame));
        match (found, expected) {
            (Ok(reply), Ok(lines)) => {
                let found = reply.lines().map(String::from_utf8_lossy).collect::<Vec<_>>();
                assert_eq!(found, lines, "{name}");
                assert_eq!(reply.raw(), frame, "{name}");
            }
            (Err(error), Err(reason)) => {
                assert!(error.to_string().contains(reason), "{name}: {error}");
            }
            (found, _) => assert_eq!(found.is_ok(), expected.is_ok(), "{name}"),
        }
    }
}

#[test]
fn the_last_code_counts_where_a_caller_allows_it() {
    let frame = Bytes::from_static(b"220-mail.example.org\r\n521 no service\r\n");
    let reply = Reply::from_frame_lenient(frame).unwrap();
    assert_eq!(reply.code().value(), 521);
    assert_eq!(reply.severity(), Severity::Permanent);
    for broken in [b"220-a\r\n".as_slice(), b"220-a\r\n621 b\r\n", b"220 a\r\n521 b\r\n"] {
        assert!(Reply::from_frame_lenient(Bytes::copy_from_slice(broken)).is_err());
    }
}

#[test]
fn severities() {
    let table = [
        (199, None),
        (200, Some(Severity::Positive)),
        (299, Some(Severity::Positive)),
        (354, Some(Severity::Intermediate)),
        (421, Some(Severity::Transient)),
        (599, Some(Severity::Permanent)),
        (600, None),
        (u16::MAX, None),
    ];
    for (code, expected) in table {
        assert_eq!(ReplyCode::new(code).map(ReplyCode::severity), expected, "{code}");
    }
    for code in (0..=999).filter_map(ReplyCode::new) {
        let kinds =
            [code.is_positive(), code.is_intermediate(), code.is_transient(), code.is_permanent()];
        assert_eq!(kinds.iter().filter(|&&kind| kind).count(), 1, "{code}");
        assert!(kinds[usize::from(code.value()) / 100 - 2], "{code}");
    }
}

#[test]
fn text_is_raw_and_display_is_safe() {
    let table: &[(&str, &[u8], &str, &str)] = &[
        ("plain", b"250 ok\r\n", "ok", "250 ok"),
        ("no text", b"250\r\n", "", "250"),
        ("lines", b"250-a\r\n250-\r\n250 b\r\n", "a\n\nb", "250 a / / b"),
        ("Latin-1", b"550 caf\xe9\r\n", "caf\u{fffd}", "550 caf\\xe9"),
        ("UTF-8", "550 é\r\n".as_bytes(), "é", "550 é"),
        ("direction", "550 a\u{202e}b\r\n".as_bytes(), "a\u{202e}b", "550 a\\u{202e}b"),
        ("ESC", b"550 \x1b[2J\r\n", "\x1b[2J", "550 \\x1b[2J"),
        ("NUL", b"550 a\0b\r\n", "a\0b", "550 a\\x00b"),
        ("a bare CR", b"550 a\rb\r\n", "a\rb", "550 a\\x0db"),
        ("C1 control", b"550 \x9b2J\r\n", "\u{fffd}2J", "550 \\x9b2J"),
    ];
    for &(name, frame, text, display) in table {
        let reply = reply(frame);
        assert_eq!(reply.text(), text, "{name}");
        assert_eq!(reply.to_string(), display, "{name}");
        assert_eq!(format!("{reply:?}"), format!("Reply({display})"), "{name}");
    }
}

#[test]
fn display_is_short_however_long_the_reply() {
    let frames = [
        [b"250 ".as_slice(), &b"x".repeat(60_000), b"\r\n"].concat(),
        [b"250 ".as_slice(), &b"\xff".repeat(60_000), b"\r\n"].concat(),
        [b"250-\r\n".repeat(10_000).as_slice(), b"250 \r\n"].concat(),
        [b"250-x\r\n".repeat(10_000).as_slice(), b"250 \r\n"].concat(),
    ];
    for frame in frames {
        let display = reply(&frame).to_string();
        assert!(display.len() < 530, "{} bytes", display.len());
        assert!(display.ends_with("..."), "{display}");
    }
}

#[test]
fn enhanced_status_codes() {
    // The frame, the code, and what is left of the text (RFC 2034 §4).
    let table: &[(&str, &[u8], Option<&str>, &str)] = &[
        ("with text", b"250 2.1.0 ok\r\n", Some("2.1.0"), "ok"),
        ("without text", b"250 2.1.0\r\n", Some("2.1.0"), ""),
        ("on each line", b"550-5.1.1 a\r\n550 5.1.1 b\r\n", Some("5.1.1"), "a\nb"),
        ("on the first line alone", b"550-5.1.1 a\r\n550 b\r\n", Some("5.1.1"), "a\nb"),
        ("on the last line alone", b"550-a\r\n550 5.1.1 b\r\n", None, "a\nb"),
        ("two that disagree", b"550-5.1.1 a\r\n550 5.7.1 b\r\n", Some("5.1.1"), "a\nb"),
        ("three digits", b"550 5.7.139 no\r\n", Some("5.7.139"), "no"),
        ("three digits twice", b"550 5.999.999 no\r\n", Some("5.999.999"), "no"),
        ("four digits", b"550 5.7.1390 no\r\n", None, "5.7.1390 no"),
        ("four digits before", b"550 5.1000.1 no\r\n", None, "5.1000.1 no"),
        ("zeros", b"250 2.0.0 ok\r\n", Some("2.0.0"), "ok"),
        ("a leading zero", b"550 5.01.1 no\r\n", None, "5.01.1 no"),
        ("a leading zero at the end", b"550 5.1.01 no\r\n", None, "5.1.01 no"),
        ("two zeros", b"550 5.00.0 no\r\n", None, "5.00.0 no"),
        ("another class", b"550 4.1.1 no\r\n", None, "4.1.1 no"),
        ("success in a failure", b"450 2.0.0 no\r\n", None, "2.0.0 no"),
        ("class 3 has none", b"354 3.0.0 go\r\n", None, "3.0.0 go"),
        ("class 3 takes no other", b"354 2.0.0 go\r\n", None, "2.0.0 go"),
        ("a text that looks like one", b"550 5.1 users\r\n", None, "5.1 users"),
        ("a version", b"250 2.1.0-beta\r\n", None, "2.1.0-beta"),
        ("an address", b"550 5.1.1.1 is blocked\r\n", None, "5.1.1.1 is blocked"),
        ("a tab after it", b"250 2.1.0\tok\r\n", None, "2.1.0\tok"),
        ("a space before it", b"250  2.1.0 ok\r\n", None, " 2.1.0 ok"),
        ("in the middle", b"250 ok 2.1.0\r\n", None, "ok 2.1.0"),
        ("half of one", b"250 2.\r\n", None, "2."),
        ("nothing", b"250\r\n", None, ""),
    ];
    for &(name, frame, expected, message) in table {
        let reply = reply(frame);
        let code = expected.map(|code| code.parse::<EnhancedStatusCode>().unwrap());
        assert_eq!(reply.enhanced(), code, "{name}");
        assert_eq!(reply.message(), message, "{name}");
    }
}

#[test]
fn each_line_may_have_its_own_enhanced_status_code() {
    let reply = reply(b"550-5.1.1 a\r\n550-b\r\n550-4.2.2 c\r\n550 5.7.1 d\r\n");
    let codes = (0..5)
        .map(|line| reply.line_enhanced(line).map(|code| code.to_string()))
        .collect::<Vec<_>>();
    assert_eq!(codes, [Some("5.1.1".to_owned()), None, None, Some("5.7.1".to_owned()), None]);
}

#[test]
fn names_of_enhanced_status_codes_hold_for_every_class() {
    for class in [2, 4, 5] {
        let code = EnhancedStatusCode::new(class, 1, 1).unwrap();
        assert!(code.is(EnhancedStatusCode::BAD_MAILBOX));
        assert!(!code.is(EnhancedStatusCode::BAD_SYSTEM));
        assert!(!code.is(EnhancedStatusCode::NULL_MX));
        assert_eq!((code.class(), code.subject(), code.detail()), (class, 1, 1));
    }
}

#[test]
fn replies_made_by_hand_are_replies() {
    let table: &[(&[&str], &[u8])] = &[
        (&[], b"250\r\n"),
        (&[""], b"250 \r\n"),
        (&["a"], b"250 a\r\n"),
        (&["a", "", "b"], b"250-a\r\n250-\r\n250 b\r\n"),
        (&["a\r\n550 no"], b"250 a  550 no\r\n"),
    ];
    for &(lines, frame) in table {
        let made = Reply::new(ReplyCode::OK, lines);
        assert_eq!(made.raw(), frame);
        assert_eq!(Reply::from_frame(made.raw().clone()), Ok(made));
    }
}
