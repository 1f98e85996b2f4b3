//! The samples of RFC 2831 §4, one for SMTP, and servers that lie.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_grammar::Capabilities;

use super::*;

fn respond(mechanism: &mut DigestMd5, index: usize, text: &str) -> Result<String, MechanismError> {
    let text = STANDARD.encode(text);
    match mechanism.respond(Challenge::new(index, text.as_bytes()))? {
        Step::Respond(response) => Ok(String::from_utf8_lossy(response.expose()).into_owned()),
        Step::Wait => panic!("there is nothing to wait for"),
    }
}

fn begun(host: &str, mut mechanism: DigestMd5) -> DigestMd5 {
    let capabilities = Capabilities::none();
    mechanism.begin(&Facts::new(host, &capabilities)).expect("it begins");
    assert!(mechanism.initial_response().expect("it is ready").is_none());
    mechanism
}

const CHALLENGE: &str = "realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\",\
                         algorithm=md5-sess,charset=utf-8";

fn chris() -> DigestMd5 {
    begun("elwood.innosoft.com", DigestMd5::new("chris", "secret").with_nonce("OA6MHXh6VqTrRk"))
}

#[test]
fn the_sample_for_smtp() {
    let mut mechanism = chris();
    assert_eq!(
        respond(&mut mechanism, 0, CHALLENGE).expect("a response"),
        "charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",\
         nc=00000001,cnonce=\"OA6MHXh6VqTrRk\",digest-uri=\"smtp/elwood.innosoft.com\",\
         response=52ff44907f72314481b5c098c708ebf3,qop=auth"
    );
    assert!(!mechanism.is_complete());
    let last = "rspauth=84106ee5cb85c426e7ef928db0e49bfa";
    assert_eq!(respond(&mut mechanism, 1, last).as_deref(), Ok(""));
    assert!(mechanism.is_complete());
    assert!(!format!("{mechanism:?}").contains("secret\""), "{mechanism:?}");
}

#[test]
fn a_wrong_proof_is_an_attackers() {
    let wrong = ["rspauth=84106ee5cb85c426e7ef928db0e49bfb", "rspauth=", "", "x"];
    for last in wrong {
        let mut mechanism = chris();
        respond(&mut mechanism, 0, CHALLENGE).expect("a response");
        assert!(respond(&mut mechanism, 1, last).expect_err(last).is_untrusted());
        assert!(!mechanism.is_complete());
    }
}

#[test]
fn challenges() {
    let table = [
        (" , nonce = \"n\" ,, algorithm=MD5-sess , x=\"a\\\"b,c\"", true),
        ("nonce=\"n\",algorithm=md5-sess,qop=\"auth-int, AUTH\"", true),
        ("nonce=\"n\",algorithm=md5-sess,qop=\"auth-int\"", false),
        ("nonce=\"n\",nonce=\"m\",algorithm=md5-sess", false),
        ("nonce=\"n\",algorithm=md5-sess,algorithm=md5-sess", false),
        ("nonce=\"n\",algorithm=md5", false),
        ("nonce=\"n\"", false),
        ("algorithm=md5-sess", false),
        ("nonce=\"\",algorithm=md5-sess", false),
        ("nonce=\"n,algorithm=md5-sess", false),
        ("nonce=\"n\"algorithm=md5-sess", false),
        ("", false),
    ];
    for (text, fits) in table {
        assert_eq!(DigestChallenge::parse(text.as_bytes()).is_ok(), fits, "{text}");
    }
    let long = format!("nonce=\"{}\",algorithm=md5-sess", "n".repeat(2048));
    DigestChallenge::parse(long.as_bytes()).expect_err("too long");
}

#[test]
fn realms_and_names_that_are_quoted() {
    let begun = |mechanism: DigestMd5| begun("mail.example.test.", mechanism.with_nonce("c"));
    let none = "nonce=\"n\",algorithm=md5-sess";
    let response = respond(&mut begun(DigestMd5::new("a\"b\\", "x")), 0, none).expect("a response");
    assert!(
        response.starts_with("username=\"a\\\"b\\\\\",realm=\"mail.example.test\","),
        "{response}"
    );
    let several = "realm=\"a\",realm=\"b\",nonce=\"n\",algorithm=md5-sess";
    let error = respond(&mut begun(DigestMd5::new("me", "x")), 0, several).expect_err("two realms");
    assert!(error.to_string().contains("(a, b)"), "{error}");
    let own = DigestMd5::new("me", "x").realm("b").acting_as("you");
    let response = respond(&mut begun(own), 0, several).expect("a response");
    assert!(
        response.contains("realm=\"b\"") && response.ends_with(",authzid=\"you\""),
        "{response}"
    );
}

/// Latin-1 where it can hold the text, by the standard; UTF-8 where the caller says so.
#[test]
fn characters_beyond_ascii() {
    let hashed = |mechanism: DigestMd5| {
        let mut mechanism = begun("h", mechanism.with_nonce("c"));
        let text = "nonce=\"n\",algorithm=md5-sess,charset=utf-8";
        let response = respond(&mut mechanism, 0, text).expect("a response");
        response.split_once("response=").expect("a response").1[..32].to_owned()
    };
    assert_eq!(latin1("d\u{fc}"), b"d\xfc");
    assert_eq!(latin1("\u{416}"), "\u{416}".as_bytes());
    let plain = || DigestMd5::new("me", "d\u{fc}");
    assert_ne!(hashed(plain()), hashed(plain().raw_utf8()));
    let cyrillic = || DigestMd5::new("me", "\u{416}");
    assert_eq!(hashed(cyrillic()), hashed(cyrillic().raw_utf8()));
}

#[test]
fn the_hash_and_the_proof_are_wiped() {
    use crate::secret::tests::is_wiped;

    is_wiped(&Md5::new());
    if let State::Proof(proof) = State::Proof(Secret::default()) {
        is_wiped(&proof);
    }
}
