//! Addresses beyond ASCII: which are kept as UTF-8, which are refused, and that no character is
//! truncated to a byte (RFC 6531, UTS 46).

// A test that cannot go on fails, and says why.
#![allow(clippy::unwrap_used)]

use smtp_grammar::{Domain, ForwardPath, LocalPart, Mailbox};

/// Code points whose lowest byte is one that ends a line, a string, a word or a path.
fn dangerous() -> impl Iterator<Item = char> {
    (0..=u32::from(char::MAX))
        .filter(|scalar| matches!(scalar & 0xff, 0x0d | 0x0a | 0x00 | 0x20 | 0x3e))
        .filter_map(char::from_u32)
}

#[test]
fn local_parts_are_utf8_or_refused() {
    let mut survivors = 0;
    for character in dangerous().filter(|character| !character.is_ascii()) {
        for text in [format!("a{character}b@example.org"), format!("\"{character} \"@example.org")]
        {
            let Ok(mailbox) = text.parse::<Mailbox>() else { continue };
            survivors += 1;
            assert_eq!(mailbox.as_str(), text);
            assert!(mailbox.needs_smtputf8(), "{text}");
            assert_eq!(ForwardPath::from(mailbox).to_string(), format!("<{text}>"));
        }
    }
    assert!(survivors > 40_000, "{survivors}");
}

#[test]
fn dangerous_ascii_is_refused_or_quoted() {
    for character in dangerous().filter(char::is_ascii) {
        assert!(format!("a{character}b").parse::<LocalPart>().is_err(), "{character:?}");
        let quoted = format!("\"a{character}b\"");
        let expected = matches!(character, ' ' | '>').then(|| quoted.clone());
        let found = quoted.parse::<LocalPart>().ok().map(|local_part| local_part.to_string());
        assert_eq!(found, expected, "{character:?}");
    }
}

#[test]
fn characters_that_no_local_part_needs() {
    let table = [
        ("C1 control", '\u{85}', false),
        ("line separator", '\u{2028}', false),
        ("paragraph separator", '\u{2029}', false),
        ("right-to-left override", '\u{202e}', false),
        ("isolate", '\u{2066}', false),
        ("right-to-left mark", '\u{200f}', false),
        ("Arabic letter mark", '\u{61c}', false),
        ("noncharacter", '\u{fdd0}', false),
        ("noncharacter of the plane", '\u{1fffe}', false),
        ("noncharacter at the end", '\u{10ffff}', false),
        ("no-break space", '\u{a0}', true),
        ("letter", 'é', true),
        ("U+760D, not CR", '\u{760d}', true),
        ("U+760A, not LF", '\u{760a}', true),
        ("emoji", '\u{1f4e7}', true),
        ("full-width commercial at", '\u{ff20}', true),
    ];
    for (name, character, expected) in table {
        let found = format!("a{character}").parse::<LocalPart>();
        assert_eq!(found.is_ok(), expected, "{name}");
        assert_eq!(LocalPart::from_decoded(character).is_ok(), expected, "{name}, decoded");
    }
}

#[test]
fn a_local_part_is_not_normalised() {
    let [composed, decomposed] = ["caf\u{e9}", "cafe\u{301}"].map(str::parse::<LocalPart>);
    assert_ne!(composed, decomposed);
    assert_eq!(decomposed.unwrap().to_string(), "cafe\u{301}");
}

#[cfg(not(feature = "idn"))]
#[test]
fn without_idn_the_error_says_what_to_do() {
    let error = "a@faß.de".parse::<Mailbox>().map_err(|error| error.to_string());
    assert!(error.is_err_and(|error| error.contains("`idn`") && error.contains("xn--")));
    let given = "用户@xn--fsqu00a.xn--0zwm56d".parse::<Mailbox>().unwrap();
    assert_eq!(given.as_str(), "用户@xn--fsqu00a.xn--0zwm56d");
    assert!("xn--a".parse::<Domain>().is_ok(), "A-labels are not looked into");
}

#[cfg(feature = "idn")]
mod idn {
    use super::*;

    #[test]
    fn domains_become_a_labels() {
        let table: &[(&str, Option<&str>)] = &[
            ("faß.de", Some("xn--fa-hia.de")),
            ("FAẞ.de", Some("xn--fa-hia.de")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("BÜCHER.Example", Some("xn--bcher-kva.example")),
            ("bu\u{308}cher.example", Some("xn--bcher-kva.example")),
            ("例子.测试", Some("xn--fsqu00a.xn--0zwm56d")),
            ("xn--fa-hia.de", Some("xn--fa-hia.de")),
            ("XN--FA-HIA.DE", Some("XN--FA-HIA.DE")),
            ("xn--a", None),
            ("xn--", None),
            ("xn--abc-.de", None),
            ("a.xn--a.b", None),
            ("xn--iana.org", None),
            ("EXAMPLE。com", None),
            ("example．com", None),
            ("example｡com", None),
            ("exam\u{ad}plé.com", None),
            ("exam\u{200b}plé.com", None),
            ("exam\u{2060}plé.com", None),
            ("é_b.com", None),
            ("-é.com", None),
            ("é-.com", None),
            ("é..com", None),
            ("é.com.", None),
            ("é com", None),
            ("é\u{760d}\r\n.com", None),
            ("\u{301}a.com", None),
        ];
        for &(text, expected) in table {
            let domain = text.parse::<Domain>();
            assert_eq!(domain.as_ref().ok().map(Domain::as_str), expected, "{text}");
            assert_eq!(domain.as_ref().ok().map(Domain::as_unicode), expected.map(|_| text));
        }
    }

    #[test]
    fn both_spellings_of_a_domain_are_equal() {
        let [readable, ascii] = ["faß.de", "XN--FA-HIA.de"].map(str::parse::<Domain>);
        assert_eq!(readable, ascii);
    }

    #[test]
    fn only_local_parts_need_smtputf8() {
        let table = [
            ("a@b.example", "a@b.example", false),
            ("a@faß.de", "a@xn--fa-hia.de", false),
            ("\"a b\"@faß.de", "\"a b\"@xn--fa-hia.de", false),
            ("用户@b.example", "用户@b.example", true),
            ("用户@例子.测试", "用户@例子.测试", true),
            ("用户@xn--fsqu00a.xn--0zwm56d", "用户@xn--fsqu00a.xn--0zwm56d", true),
        ];
        for (text, wire, needs_smtputf8) in table {
            let mailbox = text.parse::<Mailbox>().unwrap();
            assert_eq!(mailbox.as_str(), wire);
            assert_eq!(mailbox.needs_smtputf8(), needs_smtputf8, "{text}");
            assert_eq!(wire.parse::<Mailbox>().as_ref(), Ok(&mailbox));
        }
    }

    #[test]
    fn limits_hold_for_a_labels() {
        let label = |letters: usize| format!("{}.example", "ü".repeat(letters));
        let longest = (1..64).rev().find(|&letters| label(letters).parse::<Domain>().is_ok());
        let domain = label(longest.unwrap()).parse::<Domain>().unwrap();
        assert_eq!(domain.as_str().split('.').next().map(str::len), Some(63));
    }

    /// A character may be refused, kept or mapped to letters; it never makes a label of its own,
    /// and never anything that is no host name.
    #[test]
    fn no_character_adds_a_dot() {
        let every = (0x80..=u32::from(char::MAX)).filter_map(char::from_u32);
        for character in every {
            let Ok(domain) = format!("a{character}b.example").parse::<Domain>() else { continue };
            let ldh = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let labels = domain.as_str().split('.').collect::<Vec<_>>();
            assert_eq!(labels.len(), 2, "U+{:04X}", u32::from(character));
            assert!(labels.concat().bytes().all(ldh), "U+{:04X}", u32::from(character));
            assert_ne!(labels[0], "ab", "U+{:04X} vanishes", u32::from(character));
        }
    }
}
