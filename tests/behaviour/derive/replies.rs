//! Types that a reply can be read into.

use smtp::command::FromReply;
use smtp::error::ReplyError;
use smtp::grammar::ReplyCode;
use smtp::{Reply, SmtpReply};

fn read<T: FromReply>(lines: &[&str]) -> Result<T, ReplyError> {
    T::from_reply(Reply::new(ReplyCode::OK, lines))
}

#[derive(Debug, PartialEq, SmtpReply)]
struct Maybe {
    #[smtp(text)]
    text: Option<String>,
    #[smtp(word = 1)]
    second: Option<u32>,
}

#[test]
fn text_and_words_may_be_missing() {
    let maybe =
        |text: &str, second| Maybe { text: (!text.is_empty()).then(|| text.to_owned()), second };
    let table = [("", None), ("one", None), ("one 2", Some(2)), ("one  2 x", Some(2))];
    for (text, second) in table {
        assert_eq!(read(&[text]), Ok(maybe(text, second)), "{text:?}");
    }
    let error = read::<Maybe>(&["2.0.0 one two"]).expect_err("two is no number");
    assert_eq!(error.position(), Some((0, "2.0.0 one ".len())));
}

#[derive(Debug, PartialEq, SmtpReply)]
struct Keys {
    #[smtp(key = "SIZE")]
    size: u32,
    #[smtp(key = "NAME")]
    name: Option<String>,
    #[smtp(key = "HOST")]
    hosts: Vec<String>,
}

/// Keys stand in any line, and a quoted value keeps its spaces.
#[test]
fn keys_of_several_lines_and_quoted_values() {
    let keys = |size, name: Option<&str>, hosts: &[&str]| Keys {
        size,
        name: name.map(str::to_owned),
        hosts: hosts.iter().map(ToString::to_string).collect(),
    };
    let table: &[(&[&str], Keys)] = &[
        (&["SIZE=1"], keys(1, None, &[])),
        (&["hello", "size=2 NAME=a"], keys(2, Some("a"), &[])),
        (&["HOST=a SIZE=3", "HOST=b", "HOST=c"], keys(3, None, &["a", "b", "c"])),
        (&["NAME=\"a b\" SIZE=4"], keys(4, Some("a b"), &[])),
        (&["NAME=\"a \\\"b\\\\ SIZE=9\" SIZE=5"], keys(5, Some("a \"b\\ SIZE=9"), &[])),
        (&["SIZE=\"6\""], keys(6, None, &[])),
        // A quote that never ends is a letter like others.
        (&["SIZE=7 NAME=\"a"], keys(7, Some("\"a"), &[])),
    ];
    for (lines, expected) in table {
        assert_eq!(read::<Keys>(lines).as_ref(), Ok(expected), "{lines:?}");
    }
    let error = read::<Keys>(&["2.0.0 hello", "2.0.0 SIZE=many"]).expect_err("no number");
    assert_eq!(error.position(), Some((1, "2.0.0 SIZE=".len())));
    let error = read::<Keys>(&["hello"]).expect_err("no size");
    assert_eq!(error.position(), Some((0, "hello".len())));
}
