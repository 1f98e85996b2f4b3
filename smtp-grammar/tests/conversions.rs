//! Conversions into each type and out of it: `FromStr`, `TryFrom`, `From`, `Display`, and the
//! constructors that check less.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::error::Error;
use std::fmt::{Debug, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use smtp_grammar::{
    AddressLiteral, Domain, EnhancedStatusCode, EsmtpKeyword, EsmtpParam, EsmtpValue, ForwardPath,
    Host, LocalPart, Mailbox, ReplyCode, ReversePath, SmtpString, SyntaxError, xtext,
};

/// Checks a table of texts, and of what is written for each, if anything is.
fn check<T: FromStr<Err = SyntaxError> + Display>(table: &[(&str, Option<&str>)]) {
    for &(text, expected) in table {
        let found = text.parse::<T>().map(|value| value.to_string());
        assert_eq!(found.as_deref().ok(), expected, "{text:?}");
        let byte = found.err().and_then(|error| error.byte()).unwrap_or(0);
        assert!(byte <= text.len(), "{text:?}: the error is at {byte}");
    }
}

#[test]
fn keywords() {
    check::<EsmtpKeyword>(&[
        ("SIZE", Some("SIZE")),
        ("size", Some("size")),
        ("8BITMIME", Some("8BITMIME")),
        ("X-A-", Some("X-A-")),
        ("", None),
        ("-X", None),
        ("X_Y", None),
        ("X Y", None),
        ("X=", None),
        ("X\r\n", None),
        ("É", None),
    ]);
    let [one, other] = ["Size", "sIZE"].map(|text| text.parse::<EsmtpKeyword>().unwrap());
    assert_eq!(one, other);
}

#[test]
fn values() {
    check::<EsmtpValue>(&[
        ("a", Some("a")),
        ("!\"#~", Some("!\"#~")),
        ("<>", Some("<>")),
        ("é\u{760d}", Some("é\u{760d}")),
        ("", None),
        ("a=b", None),
        ("=", None),
        ("a b", None),
        ("a\tb", None),
        ("a\r\n", None),
        ("a\0", None),
        ("a\u{7f}", None),
        ("a\u{85}", None),
        ("a\u{2028}", None),
    ]);
}

#[test]
fn parameters() {
    check::<EsmtpParam>(&[
        ("SMTPUTF8", Some("SMTPUTF8")),
        ("SIZE=1", Some("SIZE=1")),
        ("body=8BITMIME", Some("body=8BITMIME")),
        ("KEY=", None),
        ("=value", None),
        ("=", None),
        ("KEY=a=b", None),
        ("KEY==", None),
        ("KEY =a", None),
        ("KEY= a", None),
        ("A=1 B=2", None),
        ("", None),
    ]);
    let made = EsmtpParam::new("A".parse().unwrap(), Some("b".parse().unwrap()));
    assert_eq!("a=b".parse(), Ok(made.clone()));
    assert_eq!(made.keyword().as_str(), "A");
    assert_eq!(made.value().map(EsmtpValue::as_str), Some("b"));
    assert_ne!("A".parse(), Ok(made), "no value is another than an empty one");
}

#[test]
fn strings() {
    check::<SmtpString>(&[
        ("Smith", Some("Smith")),
        ("J.Smith", Some("J.Smith")),
        ("a@b", Some("a@b")),
        ("\"a b\"@c", Some("\"a b\"@c")),
        ("a@[1.2.3.4]", Some("a@[1.2.3.4]")),
        ("", Some("\"\"")),
        (" ", Some("\" \"")),
        ("Joe Smith", Some("\"Joe Smith\"")),
        ("say \"hi\"", Some("\"say \\\"hi\\\"\"")),
        ("a\\b", Some("\"a\\\\b\"")),
        ("<a@b>", Some("\"<a@b>\"")),
        ("用户", Some("用户")),
        ("a\r\nQUIT", None),
        ("a\0", None),
        ("a\t", None),
    ]);
    let mailbox = "\"a b\"@c".parse::<Mailbox>().unwrap();
    assert_eq!(SmtpString::from(&mailbox).to_string(), "\"a b\"@c");
    assert_eq!(SmtpString::try_from("a b").unwrap().decoded(), "a b");
}

#[test]
fn enhanced_status_codes() {
    check::<EnhancedStatusCode>(&[
        ("2.0.0", Some("2.0.0")),
        ("4.999.999", Some("4.999.999")),
        ("5.7.30", Some("5.7.30")),
        ("", None),
        ("5", None),
        ("5.7", None),
        ("5.7.", None),
        ("5..7", None),
        ("3.0.0", None),
        ("25.0.0", None),
        ("5.07.1", None),
        ("5.7.1000", None),
        ("5.7.1 ", None),
        (" 5.7.1", None),
        ("5.+7.1", None),
        ("5.7.1.1", None),
    ]);
    for (class, subject, detail, valid) in [
        (2, 0, 0, true),
        (3, 0, 0, false),
        (5, 999, 999, true),
        (5, 1000, 0, false),
        (5, 0, 1000, false),
    ] {
        let code = EnhancedStatusCode::new(class, subject, detail);
        assert_eq!(code.is_some(), valid);
        assert!(code.is_none_or(|code| code.to_string().parse() == Ok(code)));
    }
}

#[test]
fn reply_codes() {
    for value in 0..=1000 {
        let code = ReplyCode::new(value);
        assert_eq!(code.is_some(), (200..600).contains(&value));
        assert!(code.is_none_or(|code| code.value() == value && code.to_string().len() == 3));
    }
}

#[test]
fn every_way_into_a_type_is_the_same() {
    /// The value of a text by `FromStr`, which `TryFrom<&str>` must give too.
    fn both<T>(text: &'static str) -> Result<String, SyntaxError>
    where
        T: FromStr<Err = SyntaxError> + TryFrom<&'static str, Error = SyntaxError>,
        T: Debug + Display + PartialEq,
    {
        let value = text.parse::<T>();
        assert_eq!(T::try_from(text), value, "{text}");
        value.map(|value| value.to_string())
    }
    for text in
        ["", "a", "a@b", "<a@b>", "<>", "a b", "[1.2.3.4]", "\"a b\"", "a@b\r\n", "postmaster"]
    {
        let owned = text.to_owned();
        let mailbox = both::<Mailbox>(text).ok();
        assert_eq!(Mailbox::try_from(owned.clone()).ok().map(|it| it.to_string()), mailbox);
        let reverse = both::<ReversePath>(text).ok();
        assert_eq!(ReversePath::try_from(&owned).ok().map(|it| it.to_string()), reverse);
        assert_eq!(ReversePath::try_from(owned.clone()).ok().map(|it| it.to_string()), reverse);
        let forward = both::<ForwardPath>(text).ok();
        assert_eq!(ForwardPath::try_from(&owned).ok().map(|it| it.to_string()), forward);
        assert_eq!(ForwardPath::try_from(owned.clone()).ok().map(|it| it.to_string()), forward);
        let _ = (both::<LocalPart>(text), both::<SmtpString>(text));
        let host = [
            both::<Domain>(text).ok(),
            text.parse::<AddressLiteral>().ok().map(|it| it.to_string()),
        ];
        assert_eq!(host.into_iter().flatten().next(), both::<Host>(text).ok());
    }
}

#[test]
fn parts_make_a_whole() {
    let domain = "b.example".parse::<Domain>().unwrap();
    let mailbox = Mailbox::new("a".parse().unwrap(), domain.clone().into()).unwrap();
    assert_eq!("a@b.example".parse(), Ok(mailbox.clone()));
    assert_eq!(mailbox.local_part().decoded(), "a");
    assert_eq!(mailbox.host().domain(), Some(&domain));
    assert_eq!(ForwardPath::from(&mailbox), ForwardPath::Mailbox(mailbox.clone()));
    assert_eq!(ReversePath::from(mailbox.clone()), ReversePath::from(&mailbox));
    let [four, six] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] as [IpAddr; 2];
    assert_eq!(AddressLiteral::from(Ipv4Addr::LOCALHOST), AddressLiteral::from(four));
    assert_eq!(AddressLiteral::from(Ipv6Addr::LOCALHOST), AddressLiteral::from(six));
    assert_eq!(Host::from(AddressLiteral::from(Ipv4Addr::LOCALHOST)).domain(), None);
    let long = format!("{}.example", vec!["x"; 122].join(".")).parse::<Domain>().unwrap();
    assert!(Mailbox::new("a".parse().unwrap(), long.clone().into()).is_ok());
    assert!(Mailbox::new("abc".parse().unwrap(), long.into()).is_err(), "the whole is too long");
}

#[test]
fn unchecked_is_checked_for_line_ends() {
    for (text, byte) in [("\r", 1), ("a\n", 2), ("é\0", 3), ("ab\r\ncd", 3)] {
        let errors = [
            Mailbox::new_unchecked(text).expect_err("a mailbox"),
            Domain::new_unchecked(text).expect_err("a domain"),
            EsmtpValue::new_unchecked(text).expect_err("a value"),
        ];
        for error in errors {
            assert!(error.to_string().starts_with(&format!("byte {byte} ")), "{error}");
        }
    }
    for text in ["", "a", "a b", "@", "a_b@c_d", "é", "a=", "a\tb"] {
        assert_eq!(Mailbox::new_unchecked(text).unwrap().as_str(), text);
        assert_eq!(Domain::new_unchecked(text).unwrap().as_str(), text);
        assert_eq!(EsmtpValue::new_unchecked(text).unwrap().as_str(), text);
    }
}

#[test]
fn errors_are_errors_and_safe_to_show() {
    fn error<T: FromStr<Err = SyntaxError> + Debug>(text: &str) -> Box<dyn Error + Send + Sync> {
        text.parse::<T>().expect_err(text).into()
    }
    let hostile = "\u{1b}[2J\r\nEVIL";
    let errors = [
        error::<Mailbox>(hostile),
        error::<Mailbox>(&format!("{hostile}@b")),
        error::<Mailbox>(&format!("a@{hostile}")),
        error::<ReversePath>(hostile),
        error::<EsmtpParam>(&format!("{hostile}={hostile}")),
        error::<SmtpString>(hostile),
        error::<EnhancedStatusCode>(hostile),
        xtext::decode(hostile).expect_err("not xtext").into(),
        EsmtpValue::new_unchecked(hostile).expect_err("CR LF").into(),
    ];
    for error in errors {
        let text = error.to_string();
        // An address is shown, and nothing else of what may be hostile.
        let shown = text.contains(r"\x1b[2J\x0d\x0aEVIL");
        assert!(shown || !text.contains("EVIL"), "{text:?}");
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}
