//! Canonical forms of addresses, their equality and their limits (RFC 5321 §4.1.2, §4.5.1,
//! §4.5.3.1).

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;

use smtp_grammar::{Domain, LocalPart, Mailbox};

/// Checks a table of texts, and of what is written for each, if anything is.
fn check<T: FromStr + Display>(table: &[(&str, Option<&str>)]) {
    for &(text, expected) in table {
        let found = text.parse::<T>().ok().map(|value| value.to_string());
        assert_eq!(found.as_deref(), expected, "{text:?}");
        let again = found.and_then(|text| text.parse::<T>().ok()).map(|value| value.to_string());
        assert_eq!(again.as_deref(), expected, "{text:?}, read again");
    }
}

#[test]
fn mailboxes() {
    check::<Mailbox>(&[
        ("a@b", Some("a@b")),
        ("A.B@Example.ORG", Some("A.B@Example.ORG")),
        ("!#$%&'*+-/=?^_`{|}~@b", Some("!#$%&'*+-/=?^_`{|}~@b")),
        ("-a@b", Some("-a@b")),
        ("\"a@b\"@c", Some("\"a@b\"@c")),
        ("\"@\"@[1.2.3.4]", Some("\"@\"@[1.2.3.4]")),
        ("a@[IPv6:::1]", Some("a@[IPv6:::1]")),
        ("", None),
        ("@", None),
        ("a", None),
        ("@b", None),
        ("a@", None),
        ("a@b@c", None),
        ("a@\"b@c\"", None),
        ("\"a\"b@c", None),
        ("\"a\".b@c", None),
        ("a.\"b\"@c", None),
        (" a@b", None),
        ("a@b ", None),
        ("a @b", None),
        ("a@ b", None),
        ("a b@c", None),
        ("<a@b>", None),
        ("A <a@b>", None),
        ("a(comment)@b", None),
        ("a@b(comment)", None),
        ("a>@b", None),
        ("a,b@c", None),
        ("a;b@c", None),
        ("a\\b@c", None),
    ]);
}

#[test]
fn local_parts() {
    check::<LocalPart>(&[
        ("abc", Some("abc")),
        ("a.b.c", Some("a.b.c")),
        ("\"abc\"", Some("abc")),
        ("\"a.b\"", Some("a.b")),
        ("\"\\a\\b\"", Some("ab")),
        ("\"\"", Some("\"\"")),
        ("\" \"", Some("\" \"")),
        ("\"a..b\"", Some("\"a..b\"")),
        ("\".a\"", Some("\".a\"")),
        ("\"a.\"", Some("\"a.\"")),
        ("\"a@b\"", Some("\"a@b\"")),
        ("\"a>b\"", Some("\"a>b\"")),
        ("\"a\\\"b\"", Some("\"a\\\"b\"")),
        ("\"a\\\\\"", Some("\"a\\\\\"")),
        ("\"Joe\\,Smith\"", Some("\"Joe,Smith\"")),
        ("\"\\é\"", None),
        ("", None),
        (".a", None),
        ("a.", None),
        ("a..b", None),
        ("\"", None),
        ("\"a", None),
        ("a\"", None),
        ("\"a\\\"", None),
        ("\"a\\", None),
        ("\"\"\"", None),
        ("\"a\"\"b\"", None),
    ]);
    assert_eq!("\"a\\\"b\"".parse::<LocalPart>().unwrap().decoded(), "a\"b");
    assert_eq!(LocalPart::from_decoded("a\\b").unwrap().to_string(), "\"a\\\\b\"");
    assert_eq!(LocalPart::from_decoded("").unwrap().to_string(), "\"\"");
}

#[test]
fn domains() {
    check::<Domain>(&[
        ("b", Some("b")),
        ("b.c", Some("b.c")),
        ("1", Some("1")),
        ("1.2.3.4", Some("1.2.3.4")),
        ("a--b.c", Some("a--b.c")),
        ("ab--c.d", Some("ab--c.d")),
        ("", None),
        (".", None),
        ("b.", None),
        (".b", None),
        ("b..c", None),
        ("-", None),
        ("-b", None),
        ("b-", None),
        ("a.-b", None),
        ("a-.b", None),
        ("b_c", None),
        ("b c", None),
        ("b/c", None),
        ("b:25", None),
        ("*.b", None),
        ("[1.2.3.4]", None),
    ]);
}

#[test]
fn limits_count_bytes_as_they_were_written() {
    let label = |bytes: usize| "x".repeat(bytes);
    let domain = |bytes: usize| {
        let labels = [label(63), label(63), label(63), label(bytes - 192)];
        labels.join(".")
    };
    let table = [
        ("local part of 64", format!("{}@b", label(64)), true),
        ("local part of 65", format!("{}@b", label(65)), false),
        ("quoted local part of 64", format!("\"{} \"@b", label(61)), true),
        ("quoted local part of 65", format!("\"{} \"@b", label(62)), false),
        ("needless quotes, 64", format!("\"{}\"@b", label(62)), true),
        ("needless quotes, 65", format!("\"{}\"@b", label(63)), false),
        ("needless backslash, 64", format!("\"{}\\a\"@b", label(60)), true),
        ("needless backslash, 65", format!("\"{}\\a\"@b", label(61)), false),
        ("UTF-8 local part of 64", format!("{}@b", "é".repeat(32)), true),
        ("UTF-8 local part of 66", format!("{}@b", "é".repeat(33)), false),
        ("label of 63", format!("a@{}", label(63)), true),
        ("label of 64", format!("a@{}", label(64)), false),
        ("address of 254", format!("a@{}", domain(252)), true),
        ("address of 255", format!("a@{}", domain(253)), false),
    ];
    for (name, address, expected) in table {
        assert_eq!(address.parse::<Mailbox>().is_ok(), expected, "{name}");
    }
    for (bytes, expected) in [(253, true), (254, true), (255, true)] {
        assert_eq!(domain(bytes).parse::<Domain>().is_ok(), expected, "{bytes}");
    }
    for (labels, expected) in [(128, true), (129, false)] {
        assert_eq!(vec!["x"; labels].join(".").parse::<Domain>().is_ok(), expected, "{labels}");
    }
    for (bytes, expected) in [(64, true), (65, false)] {
        assert_eq!(LocalPart::from_decoded(label(bytes)).is_ok(), expected, "{bytes}");
        let spaced = format!("{} ", label(bytes - 3));
        assert_eq!(LocalPart::from_decoded(spaced).is_ok(), expected, "{bytes}, quoted");
    }
}

#[test]
fn equality_ignores_the_case_of_domains_and_of_postmaster() {
    let table = [
        ("a@example.org", "a@EXAMPLE.org", true),
        ("\"a\"@example.org", "a@example.org", true),
        ("a@[IPv6:::A]", "a@[ipv6:0:0::a]", true),
        ("postmaster@example.org", "PostMaster@example.org", true),
        ("\"POSTMASTER\"@example.org", "postmaster@example.org", true),
        ("postmasters@example.org", "PostMasters@example.org", false),
        ("a@example.org", "A@example.org", false),
        ("a@example.org", "a@example.com", false),
        ("a@1.2.3.4", "a@[1.2.3.4]", false),
    ];
    for (one, other, expected) in table {
        let pair = [one, other].map(|text| text.parse::<Mailbox>().expect("an address"));
        assert_eq!(pair[0] == pair[1], expected, "{one} {other}");
        let [one_local, other_local] = [&pair[0], &pair[1]].map(Mailbox::local_part);
        let same = one_local.cmp(other_local) == Ordering::Equal;
        assert_eq!(same, one_local == other_local, "{one} {other}");
        assert_eq!(HashSet::from(pair).len() == 1, expected, "{one} {other}");
    }
    let shouted = "POSTMASTER@example.org".parse::<Mailbox>().unwrap();
    assert_eq!(shouted.as_str(), "POSTMASTER@example.org", "its spelling is kept");
}
