//! The 164 addresses of Dominic Sayers' `is_email`, against the verdicts of RFC 5321.
//!
//! They were collected for the grammar of message headers, which is wider than that of envelopes:
//! an address that only RFC 5322 allows must be refused here.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used)]

use std::collections::BTreeMap;

use smtp_grammar::Mailbox;

const CORPUS: &str = include_str!("corpus/sayers.xml");

/// Per category, the cases that RFC 5321 §4.1.2 allows. All others are refused.
///
/// Of the category `RFC5321`, 71 alone is refused: its `::` stands for one group, and for two at
/// least it must (§4.1.3).
const ACCEPTED: [(&str, &[u16]); 3] = [
    ("ISEMAIL_VALID_CATEGORY", &[5, 8, 9, 10, 11, 14, 19, 21, 22, 25, 29, 32, 100, 101]),
    ("ISEMAIL_DNSWARN", &[12, 13, 27, 33, 37, 38, 167, 168]),
    ("ISEMAIL_RFC5321", &[23, 24, 42, 43, 45, 46, 48, 55, 61, 68, 72, 75, 77, 79, 81, 166]),
];

/// A `<test>` of the corpus.
struct Case {
    id: u16,
    address: String,
    category: &'static str,
}

/// The tests of the corpus. It nests nothing, so that text between tags is all there is to find.
fn cases() -> Vec<Case> {
    let mut tests = CORPUS.split("<test id=\"");
    tests.next();
    tests
        .map(|test| Case {
            id: test.split('"').next().and_then(|id| id.parse().ok()).expect("a number"),
            address: unescape(element(test, "address").unwrap_or_default()),
            category: element(test, "category").expect("a category"),
        })
        .collect()
}

/// The text of an element, unless it is written as an empty one.
fn element(xml: &'static str, name: &str) -> Option<&'static str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    after.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// Entities and character references resolved, and control pictures turned into the control
/// characters that they stand for, as XML cannot hold those.
fn unescape(xml: &str) -> String {
    let mut parts = xml.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("an entity ends");
        text.push(match entity.strip_prefix("#x") {
            Some(hex) => {
                let scalar = u32::from_str_radix(hex, 16).expect("hexadecimal digits");
                char::from_u32(scalar).expect("a character")
            }
            None => [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"')]
                .into_iter()
                .find_map(|(name, character)| (name == entity).then_some(character))
                .expect("an entity of XML"),
        });
        text.push_str(rest);
    }
    text.chars().map(depicted).collect()
}

/// `U+2400` to `U+241F` depict `U+0000` to `U+001F`.
fn depicted(character: char) -> char {
    match u32::from(character) {
        picture @ 0x2400..=0x241f => char::from_u32(picture - 0x2400).unwrap_or(character),
        _ => character,
    }
}

#[test]
fn the_corpus_is_read_as_it_was_written() {
    let cases = cases();
    assert_eq!(cases.len(), 164);
    let address = |id| cases.iter().find(|case| case.id == id).map(|case| case.address.as_str());
    for (id, expected) in [
        (1, ""),
        (19, "!#$%&`*+/=?^`{|}~@iana.org"),
        (57, "\"test\0\"@iana.org"),
        (141, "\r\ntest@iana.org"),
        (160, "\"test\\\u{a9}\"@iana.org"),
    ] {
        assert_eq!(address(id), Some(expected), "{id}");
    }
}

#[test]
fn exactly_what_rfc_5321_allows_is_accepted() {
    let mut accepted = BTreeMap::<&str, Vec<u16>>::new();
    for case in cases() {
        if case.address.parse::<Mailbox>().is_ok() {
            accepted.entry(case.category).or_default().push(case.id);
        }
    }
    let expected = ACCEPTED.map(|(category, ids)| (category, ids.to_vec()));
    assert_eq!(accepted, BTreeMap::from(expected));
}

#[test]
fn an_accepted_address_is_written_in_one_way() {
    for Case { id, address, .. } in cases() {
        let Ok(mailbox) = address.parse::<Mailbox>() else { continue };
        let again = mailbox.to_string().parse::<Mailbox>();
        assert_eq!(again.as_ref(), Ok(&mailbox), "{id}");
        assert_eq!(again.map(|again| again.to_string()), Ok(mailbox.to_string()), "{id}");
    }
}

/// Addresses that the corpus lacks: ends of labels and of quotes, byte limits, literals.
#[test]
fn exactly_what_rfc_5321_allows_is_accepted_beyond_the_corpus() {
    let local = |bytes| format!("{}@b", "a".repeat(bytes));
    let label = |bytes| format!("a@{}", "b".repeat(bytes));
    // Labels of 49 bytes, and a last one for the rest.
    let domain = |bytes: usize| {
        let labels = vec!["b".repeat(49); bytes / 50].join(".");
        format!("{labels}.{}", "b".repeat(bytes - labels.len() - 1))
    };
    let mailbox = |bytes: usize| format!("{}@{}", "a".repeat(60), domain(bytes - 61));
    let table: &[(&str, bool)] = &[
        ("\"\"@x", true),
        ("\" \"@x", true),
        (r#""a\"b"@x"#, true),
        (r#""a\\"@x"#, true),
        (r#""a\"#, false),
        (r#""a\"@x"#, false),
        ("a@b.", false),
        ("a@.b", false),
        ("a@b..c", false),
        ("a@-b", false),
        ("a@b-", false),
        ("a@b_c", false),
        ("@b", false),
        ("a@", false),
        (&local(64), true),
        (&local(65), false),
        (&label(63), true),
        (&label(64), false),
        (&format!("a@{}", domain(251)), true),
        (&format!("a@{}", domain(254)), false),
        (&format!("a@{}", domain(255)), false),
        (&mailbox(254), true),
        (&mailbox(255), false),
        ("a@[IPv6:::]", true),
        ("a@[IPv6:::1]", true),
        ("a@[IPv6:1::2:3:4:5:6:7]", false),
        ("a@[IPv6:1:2:3:4:5:6:1.2.3.4]", true),
        ("a@[IPv6:::ffff:1.2.3.4]", true),
        ("a@[1.2.3.256]", false),
        ("a@[01.2.3.4]", true),
        ("a@[::1]", false),
        ("a@[TAG:x]", false),
        ("a b@c", false),
        ("\"a@b\"@c", true),
    ];
    for &(address, accepted) in table {
        let parsed = address.parse::<Mailbox>();
        assert_eq!(parsed.is_ok(), accepted, "{address} ({} bytes): {parsed:?}", address.len());
    }
    // No control character, wherever it stands.
    for address in ["ab@cd", "\"ab\"@cd", "a@[1.2.3.4]"] {
        for (at, control) in
            (0..=address.len()).flat_map(|at| ['\r', '\n', '\0', '\t', '\x7f'].map(|c| (at, c)))
        {
            let mut address = address.to_owned();
            address.insert(at, control);
            assert!(address.parse::<Mailbox>().is_err(), "{address:?}");
            assert!(
                Mailbox::new_unchecked(&address).is_err() || !"\r\n\0".contains(control),
                "{address:?}"
            );
        }
    }
}
