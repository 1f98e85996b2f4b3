//! The samples of RFC 2289 Appendix C and of RFC 2444, and servers that ask for what is not there.

use std::task::Waker;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_grammar::Capabilities;

use super::chain::Algorithm;
use super::*;

const PASSPHRASE: &str = "This is a test.";

/// Begins an exchange. Gives the initial response.
fn begin(mechanism: &mut Otp) -> Result<String, MechanismError> {
    let capabilities = Capabilities::none();
    mechanism.begin(&Facts::new("mail.example.test", &capabilities))?;
    let response = mechanism.initial_response()?.expect("the client speaks first");
    Ok(String::from_utf8_lossy(response.expose()).into_owned())
}

/// Answers a challenge. Gives the response and how often the mechanism was not ready.
fn respond(mechanism: &mut Otp, text: &str) -> Result<(String, usize), MechanismError> {
    let text = STANDARD.encode(text);
    let challenge = Challenge::new(0, text.as_bytes());
    let Step::Wait = mechanism.respond(challenge)? else { panic!("it has to compute") };
    assert!(!mechanism.is_complete());
    let mut pending = 0;
    while mechanism.poll_ready(&mut Context::from_waker(Waker::noop()))?.is_pending() {
        pending += 1;
    }
    let Step::Respond(response) = mechanism.respond(challenge)? else { panic!("it has computed") };
    Ok((String::from_utf8_lossy(response.expose()).into_owned(), pending))
}

/// The answer of `tim` to a challenge.
fn answer(mut mechanism: Otp, text: &str) -> Result<String, MechanismError> {
    begin(&mut mechanism)?;
    respond(&mut mechanism, text).map(|(response, _)| response)
}

/// RFC 2289 Appendix C, all rows of md5 and sha1.
#[test]
fn the_table_of_rfc_2289() {
    use Algorithm::{Md5, Sha1};
    let table = [
        (Md5, "This is a test.", "TeSt", 0, "9e876134d90499dd"),
        (Md5, "This is a test.", "TeSt", 1, "7965e05436f5029f"),
        (Md5, "This is a test.", "TeSt", 99, "50fe1962c4965880"),
        (Md5, "AbCdEfGhIjK", "alpha1", 0, "87066dd9644bf206"),
        (Md5, "AbCdEfGhIjK", "alpha1", 1, "7cd34c1040add14b"),
        (Md5, "AbCdEfGhIjK", "alpha1", 99, "5aa37a81f212146c"),
        (Md5, "OTP's are good", "correct", 0, "f205753943de4cf9"),
        (Md5, "OTP's are good", "correct", 1, "ddcdac956f234937"),
        (Md5, "OTP's are good", "correct", 99, "b203e28fa525be47"),
        (Sha1, "This is a test.", "TeSt", 0, "bb9e6ae1979d8ff4"),
        (Sha1, "This is a test.", "TeSt", 1, "63d936639734385b"),
        (Sha1, "This is a test.", "TeSt", 99, "87fec7768b73ccf9"),
        (Sha1, "AbCdEfGhIjK", "alpha1", 0, "ad85f658ebe383c9"),
        (Sha1, "AbCdEfGhIjK", "alpha1", 1, "d07ce229b5cf119b"),
        (Sha1, "AbCdEfGhIjK", "alpha1", 99, "27bc71035aaf3dc6"),
        (Sha1, "OTP's are good", "correct", 0, "d51f3e99bf8e6f0b"),
        (Sha1, "OTP's are good", "correct", 1, "82aeb52d943774e4"),
        (Sha1, "OTP's are good", "correct", 99, "4f296a74fe1567ec"),
    ];
    for (algorithm, passphrase, seed, sequence, expected) in table {
        let password = Chain::new(algorithm, seed, passphrase.as_bytes(), sequence).finish();
        let password = String::from_utf8_lossy(password.expose()).into_owned();
        assert_eq!(password, expected, "{algorithm:?} {seed} {sequence}");
    }
}

/// RFC 2444, the sample of md5. Its sample of sha1 is folded in the wrong order of bytes.
#[test]
fn the_sample_of_rfc_2444() {
    let mut mechanism = Otp::new("tim", PASSPHRASE);
    assert_eq!(begin(&mut mechanism).as_deref(), Ok("\0tim"));
    assert_eq!(mechanism.sequence(), None);
    let (response, pending) = respond(&mut mechanism, "otp-md5 499 ke1234 ext").expect("an answer");
    assert_eq!((&*response, pending), ("hex:5bf075d9959d036f", 0));
    assert_eq!(mechanism.sequence(), Some(499));
    assert!(mechanism.is_complete());
    mechanism.respond(Challenge::new(1, b"")).expect_err("nothing more to say");
    assert!(!mechanism.is_complete());
    assert!(!format!("{mechanism:?}").contains("test."), "{mechanism:?}");

    let sha1 = answer(Otp::new("tim", PASSPHRASE), "otp-sha1 499 ke1234 ext");
    assert_eq!(sha1.as_deref(), Ok("hex:1ef48366d04873e0"));
    let mut other = Otp::new("tim", PASSPHRASE).acting_as("root");
    assert_eq!(begin(&mut other).as_deref(), Ok("root\0tim"));
}

/// RFC 2444, the sample of a new sequence.
#[test]
fn a_new_sequence_is_started_once() {
    let mut mechanism = Otp::new("tim", PASSPHRASE).renew(499, "ke1235");
    begin(&mut mechanism).expect("it begins");
    let (response, _) = respond(&mut mechanism, "otp-md5 499 ke1234 ext").expect("an answer");
    assert_eq!(response, "init-hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1");
    begin(&mut mechanism).expect("it begins");
    let (response, _) = respond(&mut mechanism, "otp-md5 498 ke1235 ext").expect("an answer");
    assert!(response.starts_with("hex:"), "{response}");
    let same = Otp::new("tim", PASSPHRASE).renew(499, "KE1234");
    let error = answer(same, "otp-md5 499 ke1234 ext").expect_err("the same passwords");
    assert!(error.to_string().contains("choose another"), "{error}");
}

#[test]
fn challenges() {
    let table = [
        ("otp-md5 499 ke1234 ext", Ok("ke1234")),
        ("otp-md5 \t499  KE1234 ext,hex,init-hex\r\n", Ok("KE1234")),
        ("otp-md5 10000 0123456789abcdef ext", Ok("0123456789abcdef")),
        ("otp-md4 499 ke1234 ext", Err("MD4, which is broken")),
        ("otp-sha256 499 ke1234 ext", Err("neither md5 nor sha1")),
        ("otp-md5 0 ke1234 ext", Err("used up")),
        ("otp-md5 -1 ke1234 ext", Err("used up")),
        ("otp-md5 10001 ke1234 ext", Err("number 10001, and 1 to 10000 are allowed")),
        ("otp-md5 99999999999999999999 ke1234 ext", Err("number 4294967295")),
        ("otp-md5 4x9 ke1234 ext", Err("none of OTP")),
        ("otp-md5 +9 ke1234 ext", Err("none of OTP")),
        ("otp-md5 - ke1234 ext", Err("none of OTP")),
        ("otp-md5 499 0123456789abcdefg ext", Err("1 to 16 letters")),
        ("otp-md5 499 ke-1234 ext", Err("1 to 16 letters")),
        ("otp-md5 499 k\u{e9}1234 ext", Err("1 to 16 letters")),
        ("otp-md5 499 ke1234", Err("extended responses")),
        ("otp-md5 499 ke1234 foo,ext", Err("extended responses")),
        ("otp-md5 499 ke1234 extra", Err("extended responses")),
        ("otp-md5 499 ke1234 ext more", Err("none of OTP")),
        ("otp-md5 499", Err("none of OTP")),
        ("md5 499 ke1234 ext", Err("none of OTP")),
        ("", Err("none of OTP")),
    ];
    for (text, expected) in table {
        let parsed = OtpChallenge::parse(text.as_bytes())
            .and_then(|challenge| challenge.check(&(1..=10_000)).map(|()| challenge.seed));
        match (parsed, expected) {
            (Ok(seed), Ok(expected)) => assert_eq!(seed, expected, "{text}"),
            (Err(error), Err(why)) => assert!(error.to_string().contains(why), "{text}: {error}"),
            (parsed, _) => panic!("{text}: {parsed:?}"),
        }
    }
    for bytes in [&b"otp-md5 499 ke1234 \xff"[..], &[b' '; 2000]] {
        OtpChallenge::parse(bytes).expect_err("no challenge");
    }
}

/// The seed is hashed in lower case (RFC 2289 §6).
#[test]
fn the_case_of_a_seed_does_not_matter() {
    let answer = |text| answer(Otp::new("tim", PASSPHRASE), text).expect("an answer");
    assert_eq!(answer("otp-md5 499 KE1234 ext"), answer("otp-md5 499 ke1234 ext"));
}

/// A login with a high number does not hold the executor: it is computed in slices.
#[test]
fn numbers_that_take_long() {
    let mut mechanism = Otp::new("tim", PASSPHRASE);
    begin(&mut mechanism).expect("it begins");
    let (_, pending) = respond(&mut mechanism, "otp-md5 9999 ke1234 ext").expect("an answer");
    assert_eq!(pending, 9999 / 512);
    let few = || Otp::new("tim", PASSPHRASE).sequences(400..=499);
    for number in [399, 500] {
        let error =
            answer(few(), &format!("otp-md5 {number} ke1234 ext")).expect_err("not allowed");
        assert!(error.to_string().contains("400 to 499"), "{error}");
    }
    answer(few(), "otp-md5 400 ke1234 ext").expect("an answer");
    answer(few().sequences(0..=499), "otp-md5 0 ke1234 ext").expect_err("there is no number 0");
}

/// Errors of the caller come before anything is sent.
#[test]
fn what_cannot_be_sent() {
    let long = "x".repeat(63);
    let table = [
        (Otp::new("", PASSPHRASE), Some("`user`")),
        (Otp::new("t\0m", PASSPHRASE), Some("NUL")),
        (Otp::new("tim", PASSPHRASE).acting_as("\0"), Some("NUL")),
        (Otp::new("tim", "123456789"), Some("10 to 63")),
        (Otp::new("tim", "1234567890"), None),
        // Characters are counted, and not bytes.
        (Otp::new("tim", "\u{fc}".repeat(9)), Some("10 to 63")),
        (Otp::new("tim", &*long), None),
        (Otp::new("tim", format!("{long}x")), Some("10 to 63")),
        (Otp::new("tim", &[0xff; 12][..]), Some("not UTF-8")),
        (Otp::new("tim", PASSPHRASE).renew(499, ""), Some("1 to 16")),
        (Otp::new("tim", PASSPHRASE).renew(499, "a b"), Some("1 to 16")),
        (Otp::new("tim", PASSPHRASE).renew(1, "a"), Some("2 to 10000")),
        (Otp::new("tim", PASSPHRASE).renew(10_001, "a"), Some("2 to 10000")),
        (Otp::new("tim", PASSPHRASE).renew(2, "a"), None),
    ];
    for (mut mechanism, expected) in table {
        match (begin(&mut mechanism), expected) {
            (Ok(_), None) => {}
            (Err(error), Some(why)) => assert!(error.to_string().contains(why), "{error}"),
            (begun, _) => panic!("{mechanism:?}: {begun:?}, {expected:?}"),
        }
    }
}
