//! Types that a field of a command can have.

use std::borrow::Cow;
use std::sync::Arc;

use smtp::command::encode;
use smtp::grammar::Capabilities;
use smtp::{Command, SmtpCommand};

fn line<C: Command>(command: &C) -> String {
    let line = encode(command, &Capabilities::none()).expect("a command");
    String::from_utf8(line).expect("text")
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-BLOB", valid_in(any))]
struct Blobs<'a> {
    #[smtp(base64)]
    vec: Vec<u8>,
    #[smtp(base64)]
    array: [u8; 3],
    #[smtp(base64)]
    optional: Option<Vec<u8>>,
    #[smtp(base64)]
    shared: Arc<[u8]>,
    #[smtp(base64)]
    cow: Cow<'a, [u8]>,
    #[smtp(base64)]
    boxed: Box<str>,
    #[smtp(base64)]
    each: Vec<Vec<u8>>,
}

#[test]
fn bytes_of_any_owner_are_one_value_of_base64() {
    let blobs = Blobs {
        vec: b"ab".to_vec(),
        array: *b"abc",
        optional: None,
        shared: Arc::from(*b"b"),
        cow: Cow::Borrowed(b"c"),
        boxed: Box::from("d"),
        each: vec![b"e".to_vec(), b"f".to_vec()],
    };
    assert_eq!(line(&blobs), "X-BLOB YWI= YWJj Yg== Yw== ZA== ZQ== Zg==\r\n");
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-SAY", valid_in(any))]
struct Say<'a> {
    #[smtp(param = "LANG")]
    language: Option<&'a str>,
    #[smtp(text)]
    text: Option<Cow<'a, str>>,
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-WORDS", valid_in(any))]
struct Words(#[smtp(text, join = " ")] Vec<&'static str>);

#[test]
fn free_text_ends_a_line() {
    let say = Say { language: Some("en"), text: Some("how do you do".into()) };
    assert_eq!(line(&say), "X-SAY LANG=en how do you do\r\n");
    assert_eq!(line(&Say { language: None, text: None }), "X-SAY\r\n");
    assert_eq!(line(&Words(vec!["two", "words"])), "X-WORDS two words\r\n");
    let forged = Say { language: None, text: Some("a\r\nQUIT".into()) };
    encode(&forged, &Capabilities::none()).expect_err("two lines");
}

/// The attributes of a `flatten` field hold for it too.
#[derive(SmtpCommand)]
#[smtp(verb = "X-FLAT", valid_in(any))]
struct Flat {
    #[smtp(flatten, requires = "X-MORE", raises = 100)]
    path: smtp::grammar::ForwardPath,
}

#[test]
fn a_flattened_field_needs_what_it_says() {
    let path: smtp::grammar::ForwardPath =
        "a@b.example".parse::<smtp::Mailbox>().expect("an address").into();
    let missing = encode(&Flat { path }, &Capabilities::none()).expect_err("X-MORE is not offered");
    assert_eq!(missing.missing_keyword(), Some("X-MORE"));
}
