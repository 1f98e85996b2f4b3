//! The encoder against servers that disagree on what ends a line, and a message.

use std::ops::Range;

use super::*;

struct Collect<'a> {
    segment: &'a [u8],
    bytes: Vec<u8>,
}

impl Sink for Collect<'_> {
    fn keep(&mut self, range: Range<usize>) {
        self.bytes.extend_from_slice(&self.segment[range]);
    }
    fn insert(&mut self, bytes: &'static [u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}

fn encode(segments: &[&[u8]], line_ends: LineEnds) -> Result<Vec<u8>, ContentError> {
    run(Encoder::for_data(line_ends, false)?, segments)
}

fn run(mut encoder: Encoder, segments: &[&[u8]]) -> Result<Vec<u8>, ContentError> {
    let mut bytes = Vec::new();
    for segment in segments {
        let mut sink = Collect { segment, bytes };
        encoder.encode(segment, &mut sink)?;
        bytes = sink.bytes;
    }
    let mut sink = Collect { segment: &[], bytes };
    encoder.finish(&mut sink)?;
    Ok(sink.bytes)
}

#[test]
fn dots_line_ends_and_the_end() {
    let table: &[(&str, &[u8], &[u8])] = &[
        ("nothing", b"", b".\r\n"),
        ("a line", b"a\r\n", b"a\r\n.\r\n"),
        ("no last line end", b"a", b"a\r\n.\r\n"),
        ("a leading dot", b".a\r\n", b"..a\r\n.\r\n"),
        ("a lone dot", b".\r\n", b"..\r\n.\r\n"),
        ("two dots", b"..\r\n", b"...\r\n.\r\n"),
        ("a dot after an empty line", b"a\r\n\r\n.b\r\n", b"a\r\n\r\n..b\r\n.\r\n"),
        ("a dot in a line", b"a.b\r\n", b"a.b\r\n.\r\n"),
        ("bare LF", b"a\n.b\n", b"a\r\n..b\r\n.\r\n"),
        ("bare CR", b"a\r.b\r", b"a\r\n..b\r\n.\r\n"),
        ("CR CR LF", b"a\r\r\n", b"a\r\n\r\n.\r\n"),
        ("LF CR", b"a\n\rb", b"a\r\n\r\nb\r\n.\r\n"),
    ];
    for (name, content, expected) in table {
        let whole = encode(&[content], LineEnds::Normalize);
        assert_eq!(whole.as_deref(), Ok(*expected), "{name}");
        for split in 0..=content.len() {
            let (one, two) = content.split_at(split);
            let split_in_two = encode(&[one, two], LineEnds::Normalize);
            assert_eq!(split_in_two.as_deref(), Ok(*expected), "{name} at {split}");
        }
    }
}

#[test]
fn strict_content_is_sent_as_it_is_or_not_at_all() {
    let long = [b"a\r\n".as_slice(), &[b'x'; 999], b"\r\n"].concat();
    let table: &[(&str, &[u8], Result<&[u8], ContentError>)] = &[
        ("clean", b".a\r\n", Ok(b"..a\r\n.\r\n")),
        ("bare LF", b"ab\nc", Err(ContentError::BareLineFeed(2))),
        ("bare CR", b"ab\rc", Err(ContentError::BareCarriageReturn(3))),
        ("bare CR at the end", b"ab\r", Err(ContentError::BareCarriageReturn(3))),
        ("NUL", b"ab\0c", Err(ContentError::Nul(2))),
        ("a line of 999", &long, Err(ContentError::LineTooLong(1002))),
        ("eight bits", "é\r\n".as_bytes(), Err(ContentError::EightBit)),
    ];
    for (name, content, expected) in table {
        let encoded = encode(&[content], LineEnds::Strict);
        assert_eq!(encoded.as_deref(), expected.as_ref().copied(), "{name}");
    }
}

/// Every string over five bytes up to a length of seven.
fn short_strings() -> Vec<Vec<u8>> {
    const ALPHABET: &[u8] = b"\r\n.a\0";
    let mut strings: Vec<Vec<u8>> = vec![Vec::new()];
    let mut longest = strings.clone();
    for _ in 0..7 {
        longest = longest
            .iter()
            .flat_map(|string| ALPHABET.iter().map(|byte| [string.as_slice(), &[*byte]].concat()))
            .collect();
        strings.extend(longest.iter().cloned());
    }
    assert_eq!(strings.len(), 97_656);
    strings
}

/// Each short string through four models of a server: one that ends lines at CRLF alone, one that
/// also does at LF, one that also does at CR, and one that drops NUL first. Each must see exactly
/// one message, which ends at our terminator.
#[test]
fn no_server_sees_a_second_message() {
    let mut sent = 0;
    for string in &short_strings() {
        for line_ends in [LineEnds::Normalize, LineEnds::Strict, LineEnds::Binary] {
            let Ok(wire) = encode(&[string], line_ends) else {
                assert!(line_ends != LineEnds::Normalize || string.contains(&0));
                continue;
            };
            assert_ne!(line_ends, LineEnds::Binary, "DATA sends lines");
            sent += 1;
            for (name, model) in SERVERS {
                let seen = model(&wire);
                assert_eq!(
                    seen.end_of_data,
                    Some(wire.len()),
                    "{name} ends {string:?} too early or never"
                );
                assert_eq!(seen.content, normal(string), "{name} misreads {string:?}");
            }
        }
    }
    assert!(sent > 20_000, "only {sent} strings were sent");
}

/// A fault that makes a message unsendable is found before the message is sent, as it would be
/// while it is sent.
#[test]
fn a_summary_refuses_what_the_encoder_refuses() {
    for string in short_strings() {
        let summary = ContentSummary::of(&string, LineEnds::Strict).err();
        assert_eq!(summary, encode(&[&string], LineEnds::Strict).err(), "{string:?}");
    }
    let ends = [("", true), ("\r\n", true), ("\r\nb\r\n", true), ("\r\n\n", false), ("\rb", false)];
    for length in [TEXT_LINE - 1, TEXT_LINE, TEXT_LINE + 1] {
        for (end, clean) in ends {
            let string = ["a\r\n", &"x".repeat(length), end].concat();
            let summary = ContentSummary::of(string.as_bytes(), LineEnds::Strict).err();
            let encoded = encode(&[string.as_bytes()], LineEnds::Strict).err();
            assert_eq!(summary, encoded, "{length} and {end:?}");
            assert_eq!(summary.is_none(), clean && length <= TEXT_LINE, "{length} and {end:?}");
        }
    }
}

/// The lines of a message, each ended by CRLF.
fn normal(string: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = string;
    while let Some(at) = rest.iter().position(|byte| b"\r\n".contains(byte)) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\r\n");
        rest = rest[at..].strip_prefix(b"\r\n").unwrap_or(&rest[at + 1..]);
    }
    out.extend_from_slice(rest);
    if !rest.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    out
}

struct Seen {
    /// How many bytes of the wire were read when the server took the message as complete.
    end_of_data: Option<usize>,
    content: Vec<u8>,
}

type Model = fn(&[u8]) -> Seen;

const SERVERS: [(&str, Model); 4] = [
    ("strict", |wire| read(wire, &[b"\r\n"])),
    ("LF-tolerant", |wire| read(wire, &[b"\r\n", b"\n"])),
    ("CR-tolerant", |wire| read(wire, &[b"\r\n", b"\n", b"\r"])),
    ("NUL-stripping", |wire| {
        let stripped: Vec<u8> = wire.iter().copied().filter(|&byte| byte != 0).collect();
        assert_eq!(stripped.len(), wire.len(), "a NUL was sent");
        read(&stripped, &[b"\r\n", b"\n"])
    }),
];

fn read(wire: &[u8], line_ends: &[&[u8]]) -> Seen {
    let mut content = Vec::new();
    let (mut line, mut at) = (0, 0);
    while at < wire.len() {
        let Some(end) = line_ends.iter().find(|end| wire[at..].starts_with(end)) else {
            at += 1;
            continue;
        };
        let text = &wire[line..at];
        at += end.len();
        line = at;
        if text == b"." {
            return Seen { end_of_data: Some(at), content };
        }
        content.extend_from_slice(text.strip_prefix(b".").unwrap_or(text));
        content.extend_from_slice(b"\r\n");
    }
    Seen { end_of_data: None, content }
}

#[test]
fn a_summary_is_exact() {
    let table: &[(&[u8], u64, bool)] = &[
        (b"", 0, false),
        (b"a\r\n", 3, false),
        (b"a", 3, false),
        (b"a\nb\n", 6, false),
        (b"a\rb\r", 6, false),
        (b"a\n\r\n\rb", 10, false),
        ("é\r\n".as_bytes(), 4, true),
    ];
    for &(content, bytes, eight_bit) in table {
        let summary = ContentSummary::of(content, LineEnds::Normalize).expect("no NUL");
        assert_eq!((summary.bytes, summary.eight_bit), (bytes, eight_bit), "{content:?}");
        assert_eq!(summary.bytes, normal(content).len() as u64, "{content:?}");
    }
    assert_eq!(ContentSummary::of(b"a\0", LineEnds::Normalize), Err(ContentError::Nul(1)));
}

/// However a message is cut, whatever was known of it before, and with or without doubled dots: the
/// same message is sent.
#[test]
fn every_way_sends_the_same_message() {
    const LINES: [&str; 7] = ["a\r\n", ".a\r\n", "a.\n", "\r", "\r\n", "é\r\n", "a"];
    for first in LINES {
        for second in LINES {
            for third in LINES {
                let message = [first, second, third].concat();
                let content = message.as_bytes();
                let summary = ContentSummary::of(content, LineEnds::Normalize).expect("no NUL");
                let normal = normal(content);
                assert_eq!(summary.bytes, normal.len() as u64, "{message:?}");
                let data = || Encoder::for_data(LineEnds::Normalize, true).expect("lines");
                let bdat = || Encoder::for_bdat(LineEnds::Normalize, true);
                let wire = run(data(), &[content]).expect("tolerated");
                assert_eq!(read(&wire, &[b"\r\n"]).content, normal, "{message:?}");
                for at in 0..=content.len() {
                    let (head, tail) = content.split_at(at);
                    for summary in [None, Some(summary)] {
                        let by_data = run(data().summarized(summary), &[head, tail]);
                        assert_eq!(by_data.as_ref(), Ok(&wire), "{message:?} cut at {at}");
                        let by_bdat = run(bdat().summarized(summary), &[head, tail]);
                        assert_eq!(by_bdat.as_ref(), Ok(&normal), "{message:?} cut at {at}");
                    }
                }
            }
        }
    }
}

/// DATA would have to change a binary message, or could not end it. BDAT sends it byte for byte.
#[test]
fn a_binary_message_is_refused_for_data_and_unchanged_in_bdat() {
    for content in [b"".as_slice(), b".\r\n.\n\r\0\xff", b"a\r\n.\r\nQUIT\r\n", b"no line end"] {
        let summary = ContentSummary::of(content, LineEnds::Binary).expect("any bytes");
        assert_eq!(summary.bytes, content.len() as u64);
        for eight_bit in [false, true] {
            let data = Encoder::for_data(LineEnds::Binary, eight_bit).map(|_| ());
            assert_eq!(data, Err(ContentError::BinaryNeedsBdat));
            for summary in [None, Some(summary)] {
                let bdat = Encoder::for_bdat(LineEnds::Binary, eight_bit).summarized(summary);
                assert_eq!(run(bdat, &[content]).as_deref(), Ok(content));
            }
        }
    }
    let text = ContentError::BinaryNeedsBdat.to_string();
    for needed in ["BDAT", "BODY=BINARYMIME", "RFC 3030 §3"] {
        assert!(text.contains(needed), "{text}");
    }
}
