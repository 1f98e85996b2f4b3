//! Templates of mechanisms: the bytes that they send, and values that would be read as others.

use std::borrow::Cow;
use std::sync::Arc;

use smtp::{Mechanism, Secret, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-TYPES", initial = "{cow}\0{arc}\0{boxed}\0{port}\0{bytes}\0{type}\0{none}")]
struct Types<'a> {
    cow: Cow<'a, str>,
    arc: Arc<str>,
    boxed: Box<str>,
    port: u16,
    bytes: [u8; 2],
    r#type: String,
    none: Option<i64>,
}

#[test]
fn text_bytes_and_numbers_of_any_owner_are_sent() {
    let mut types = Types {
        cow: Cow::Borrowed("a"),
        arc: Arc::from("b"),
        boxed: Box::from("c"),
        port: 587,
        bytes: *b"de",
        r#type: "f".to_owned(),
        none: None,
    };
    let sent = types.initial_response().expect("a message").expect("it speaks first");
    assert_eq!(sent.expose(), b"a\x00b\x00c\x00587\x00de\x00f\x00");
    assert!(!types.reveals_secret(), "none of it is a secret");
}

/// OAUTHBEARER (RFC 7628 §3.1), where the comma ends the name.
#[derive(SmtpCommand)]
#[smtp(mechanism = "X-BEARER", initial = "n,a={user},\x01auth=Bearer {token}\x01\x01")]
struct Bearer {
    user: String,
    token: Secret,
}

/// The same with a name that may hold one.
#[derive(SmtpCommand)]
#[smtp(mechanism = "X-NAMES", initial = "n,a={user},\x01auth=Bearer {token}\x01\x01")]
struct Named {
    #[smtp(saslname)]
    user: String,
    token: Secret,
}

#[test]
fn a_field_cannot_hold_what_ends_it() {
    let table = [
        ("u@a.example", Some("u@a.example"), Some("u@a.example")),
        ("u=b", Some("u=b"), Some("u=3Db")),
        ("u,b=evil", None, Some("u=2Cb=3Devil")),
        ("u\x01auth=", None, None),
    ];
    for (user, plain, named) in table {
        let token = || Secret::from("a,b=c");
        let sent = |mechanism: &mut dyn Mechanism| {
            let sent = mechanism.initial_response().ok()??;
            Some(String::from_utf8_lossy(sent.expose()).into_owned())
        };
        let expected = |name: &str| format!("n,a={name},\x01auth=Bearer a,b=c\x01\x01");
        let bearer = sent(&mut Bearer { user: user.to_owned(), token: token() });
        assert_eq!(bearer, plain.map(expected), "{user:?}");
        let with_name = sent(&mut Named { user: user.to_owned(), token: token() });
        assert_eq!(with_name, named.map(expected), "{user:?}");
    }
    let mut bearer = Bearer { user: "u,b".to_owned(), token: Secret::default() };
    let error = bearer.initial_response().expect_err("a comma");
    assert_eq!(error.to_string(), "`user` holds `,`, which separates the fields of this mechanism");
}

type Password = Secret;
#[derive(SmtpCommand)]
#[smtp(mechanism = "X-ALIAS", respond("{0}"))]
struct Alias(Option<Password>);

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-KEPT", initial = "{user}")]
struct Kept {
    user: String,
    #[allow(dead_code, reason = "no template sends it")]
    password: Secret,
}

/// A template sends its fields as they are, so that it reveals a secret needs no attribute.
#[test]
fn a_secret_in_a_template_is_revealed() {
    assert!(Bearer { user: String::new(), token: Secret::default() }.reveals_secret());

    assert!(Alias(Some(Secret::default())).reveals_secret());
    assert!(!Alias(None).reveals_secret(), "there is none to reveal");

    assert!(!Kept { user: String::new(), password: Secret::default() }.reveals_secret());
}
