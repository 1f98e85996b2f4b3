//! The encoder against servers that disagree on what ends a line, and a message.

use super::*;

struct Collect<'a> {
    piece: &'a [u8],
    octets: Vec<u8>,
}

impl Sink for Collect<'_> {
    fn keep(&mut self, range: Range<usize>) {
        self.octets.extend_from_slice(&self.piece[range]);
    }
    fn insert(&mut self, octets: &'static [u8]) {
        self.octets.extend_from_slice(octets);
    }
}

fn encode(pieces: &[&[u8]], line_ends: LineEnds) -> Result<Vec<u8>, ContentError> {
    run(Encoder::new(line_ends, false), pieces)
}

fn run(mut encoder: Encoder, pieces: &[&[u8]]) -> Result<Vec<u8>, ContentError> {
    let mut octets = Vec::new();
    for piece in pieces {
        let mut sink = Collect { piece, octets };
        encoder.encode(piece, &mut sink)?;
        octets = sink.octets;
    }
    let mut sink = Collect { piece: &[], octets };
    encoder.finish(&mut sink)?;
    Ok(sink.octets)
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
        ("a dot behind an empty line", b"a\r\n\r\n.b\r\n", b"a\r\n\r\n..b\r\n.\r\n"),
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

/// Every string over five octets up to a length of seven, through four models of a server: one that
/// ends lines at CRLF alone, one that also does at LF, one that also does at CR, and one that drops
/// NUL first. Each must see exactly one message, which ends at our terminator.
#[test]
fn no_server_sees_a_second_message() {
    const ALPHABET: &[u8] = b"\r\n.a\0";
    let mut strings: Vec<Vec<u8>> = vec![Vec::new()];
    let mut longest = strings.clone();
    for _ in 0..7 {
        longest = longest
            .iter()
            .flat_map(|string| ALPHABET.iter().map(|octet| [string.as_slice(), &[*octet]].concat()))
            .collect();
        strings.extend(longest.iter().cloned());
    }
    assert_eq!(strings.len(), 97_656);
    let mut sent = 0;
    for string in &strings {
        for line_ends in [LineEnds::Normalize, LineEnds::Strict] {
            let Ok(wire) = encode(&[string], line_ends) else {
                assert!(line_ends == LineEnds::Strict || string.contains(&0));
                continue;
            };
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

/// What the content means: its lines, each ended by CRLF.
fn normal(string: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = string;
    while let Some(at) = rest.iter().position(|octet| b"\r\n".contains(octet)) {
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
    /// How many octets of the wire were read when the server took the message as complete.
    end_of_data: Option<usize>,
    content: Vec<u8>,
}

type Model = fn(&[u8]) -> Seen;

const SERVERS: [(&str, Model); 4] = [
    ("strict", |wire| read(wire, &[b"\r\n"])),
    ("LF-tolerant", |wire| read(wire, &[b"\r\n", b"\n"])),
    ("CR-tolerant", |wire| read(wire, &[b"\r\n", b"\n", b"\r"])),
    ("NUL-stripping", |wire| {
        let stripped: Vec<u8> = wire.iter().copied().filter(|&octet| octet != 0).collect();
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
fn a_measure_is_exact() {
    let table: &[(&[u8], u64, bool)] = &[
        (b"", 0, false),
        (b"a\r\n", 3, false),
        (b"a", 3, false),
        (b"a\nb\n", 6, false),
        (b"a\rb\r", 6, false),
        (b"a\n\r\n\rb", 10, false),
        ("é\r\n".as_bytes(), 4, true),
    ];
    for &(content, octets, eight_bit) in table {
        let measure = Measure::of(content, LineEnds::Normalize).expect("no NUL");
        assert_eq!((measure.octets, measure.eight_bit), (octets, eight_bit), "{content:?}");
        assert_eq!(measure.octets, normal(content).len() as u64, "{content:?}");
    }
    assert_eq!(Measure::of(b"a\0", LineEnds::Normalize), Err(ContentError::Nul(1)));
}

/// However a message is cut, whatever was known of it before, and with or without doubled dots: the
/// same message leaves.
#[test]
fn every_way_sends_the_same_message() {
    const LINES: [&str; 7] = ["a\r\n", ".a\r\n", "a.\n", "\r", "\r\n", "é\r\n", "a"];
    for first in LINES {
        for second in LINES {
            for third in LINES {
                let message = [first, second, third].concat();
                let content = message.as_bytes();
                let measure = Measure::of(content, LineEnds::Normalize).expect("no NUL");
                let normal = normal(content);
                assert_eq!(measure.octets, normal.len() as u64, "{message:?}");
                let dots = Encoder::new(LineEnds::Normalize, true);
                let wire = run(dots, &[content]).expect("tolerated");
                assert_eq!(read(&wire, &[b"\r\n"]).content, normal, "{message:?}");
                let measured = Encoder::new(LineEnds::Normalize, true).measured(Some(measure));
                assert_eq!(run(measured, &[content]).as_ref(), Ok(&wire), "{message:?}");
                let chunks = || Encoder::new(LineEnds::Normalize, true).in_chunks();
                assert_eq!(run(chunks(), &[content]).as_ref(), Ok(&normal), "{message:?}");
                assert_eq!(run(chunks().measured(Some(measure)), &[content]).as_ref(), Ok(&normal));
                for at in 0..content.len() {
                    let (head, tail) = content.split_at(at);
                    let dots = Encoder::new(LineEnds::Normalize, true);
                    assert_eq!(
                        run(dots, &[head, tail]).as_ref(),
                        Ok(&wire),
                        "{message:?} cut at {at}"
                    );
                    assert_eq!(
                        run(chunks(), &[head, tail]).as_ref(),
                        Ok(&normal),
                        "{message:?} cut at {at}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_binary_message_is_not_touched() {
    let octets = b".\r\n.\n\r\0\xff";
    let binary = Encoder::new(LineEnds::Binary, true).in_chunks();
    assert_eq!(run(binary, &[octets]).as_deref(), Ok(octets.as_slice()));
    let measure = Measure::of(octets, LineEnds::Binary).expect("any octets");
    assert_eq!(measure.octets, octets.len() as u64);
}
