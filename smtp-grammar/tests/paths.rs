//! Senders and recipients with and without brackets, source routes, and the two paths that have no
//! address (RFC 5321 §4.1.2, §4.5.5, App. C).

use std::fmt::Display;
use std::str::FromStr;

use smtp_grammar::{ForwardPath, ReversePath};

/// Checks a table of texts, and of what is written for each, if anything is.
fn check<T: FromStr + Display>(table: &[(&str, Option<&str>)]) {
    for &(text, expected) in table {
        let found = text.parse::<T>().ok().map(|path| path.to_string());
        assert_eq!(found.as_deref(), expected, "{text:?}");
        let again = found.and_then(|text| text.parse::<T>().ok()).map(|path| path.to_string());
        assert_eq!(again.as_deref(), expected, "{text:?}, read again");
    }
}

#[test]
fn reverse_paths() {
    check::<ReversePath>(&[
        ("", Some("<>")),
        ("<>", Some("<>")),
        ("a@b", Some("<a@b>")),
        ("<a@b>", Some("<a@b>")),
        ("<a@[1.2.3.4]>", Some("<a@[1.2.3.4]>")),
        ("<\"a>b\"@c>", Some("<\"a>b\"@c>")),
        ("<\"<>\"@c>", Some("<\"<>\"@c>")),
        ("<@a:b@c>", Some("<b@c>")),
        ("<@a,@b:c@d>", Some("<c@d>")),
        ("<@a:\"b:c,@d\"@e>", Some("<\"b:c,@d\"@e>")),
        ("<@a,b@c>", None),
        ("<@a,b:c@d>", None),
        ("<@a,@b>", None),
        ("<@a>", None),
        ("<@a:>", None),
        ("<@:b@c>", None),
        ("<@a,:b@c>", None),
        ("<,@a:b@c>", None),
        ("<@a::b@c>", None),
        ("<@a:@b:c@d>", None),
        ("<@a:b@c:d>", None),
        ("<@a_b:c@d>", None),
        ("<@[1.2.3.4]:b@c>", None),
        ("@a:b@c", None),
        ("<a@b", None),
        ("a@b>", None),
        ("<<a@b>>", None),
        ("<a@b><c@d>", None),
        (" <a@b>", None),
        ("<a@b> ", None),
        ("< a@b>", None),
        ("< >", None),
        (" ", None),
        ("<", None),
        (">", None),
        ("<>>", None),
        ("<postmaster>", None),
        ("<a@b> SIZE=1", None),
    ]);
}

#[test]
fn forward_paths() {
    check::<ForwardPath>(&[
        ("a@b", Some("<a@b>")),
        ("<a@b>", Some("<a@b>")),
        ("<@a:b@c>", Some("<b@c>")),
        ("postmaster", Some("<Postmaster>")),
        ("<POSTMASTER>", Some("<Postmaster>")),
        ("<postmaster@b>", Some("<postmaster@b>")),
        ("<@a:postmaster>", None),
        ("<@a:>", None),
        ("<\"postmaster\">", None),
        ("<postmaster@>", None),
        ("<root>", None),
        ("<>", None),
        ("", None),
    ]);
}

#[test]
fn control_characters_are_refused_wherever_they_stand() {
    for control in ['\r', '\n', '\0', '\t', '\u{7f}'] {
        for base in ["a@b", "<a@b>", "<>", "<@c,@d:a@b>", "<\"a b\"@c>", "<Postmaster>"] {
            for at in 0..=base.len() {
                let mut text = base.to_owned();
                text.insert(at, control);
                assert!(text.parse::<ReversePath>().is_err(), "{text:?}");
                assert!(text.parse::<ForwardPath>().is_err(), "{text:?}");
            }
        }
    }
}

#[test]
fn paths_know_their_address() {
    let mailbox = "a@b".parse().ok();
    assert!(mailbox.is_some());
    let reverse = |text: &str| text.parse::<ReversePath>().ok().map(|path| path.mailbox().cloned());
    let forward = |text: &str| text.parse::<ForwardPath>().ok().map(|path| path.mailbox().cloned());
    assert_eq!(reverse("<a@b>"), Some(mailbox.clone()));
    assert_eq!(reverse("<>"), Some(None));
    assert_eq!(forward("<@c:a@b>"), Some(mailbox));
    assert_eq!(forward("<postmaster>"), Some(None));
}

#[test]
fn paths_need_smtputf8_where_their_address_does() {
    for (text, expected) in [("<é@b>", true), ("<a@b>", false), ("<@a:é@b>", true)] {
        let reverse = text.parse::<ReversePath>().map(|path| path.needs_smtputf8());
        let forward = text.parse::<ForwardPath>().map(|path| path.needs_smtputf8());
        assert_eq!((reverse, forward), (Ok(expected), Ok(expected)), "{text}");
    }
    assert!(!ReversePath::Null.needs_smtputf8());
    assert!(!ForwardPath::Postmaster.needs_smtputf8());
}
