//! Reading a parameter is the inverse of writing it, for each parameter and for any value.

use proptest::prelude::*;
use smtp::Reply;
use smtp::command::{Mail, Rcpt, encode};
use smtp::extension::{
    AskFeatures, AuthIdentity, BodyKind, DateTime, DeliverBy, EnvelopeId, HoldFor, HoldUntil,
    IgnoreQuota, MailParameter, MayConvert, Notify, NotifyBy, OriginalRecipient, Prdr, Priority,
    RcptParameter, RequireTls, Ret, Solicitation, Submitter, Tracking, TransactionId, ValidSince,
    Verp,
};
use smtp::grammar::{Capabilities, ForwardPath, Mailbox, ReplyCode, ReversePath};

use tests::support::parameters;

use super::oracle;

/// A server that offers every parameter of the table, without limits.
fn everything() -> Capabilities {
    let rows = parameters();
    let keywords = rows.iter().map(|row| row.extension).chain(["CHUNKING"]);
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, ["mail"].into_iter().chain(keywords)))
}

/// The last parameter of a line.
fn last(line: &[u8]) -> String {
    let line = std::str::from_utf8(line).expect("ASCII");
    let line = line.strip_suffix("\r\n").expect("a line end");
    line.rsplit(' ').next().expect("a parameter").to_owned()
}

/// The keyword and the value of a parameter of MAIL.
fn of_mail(parameter: impl MailParameter) -> (String, Option<String>) {
    let id = EnvelopeId::new("17@client.example").expect("printable");
    read(&encode(&Mail::from(ReversePath::Null).with(id).with(parameter), &everything()))
}

/// The same of one that is a call of MAIL's.
fn of_itself(mail: &Mail) -> (String, Option<String>) {
    read(&encode(mail, &everything()))
}

fn of_rcpt(parameter: impl RcptParameter) -> (String, Option<String>) {
    read(&encode(&Rcpt::to(ForwardPath::Postmaster).with(parameter), &everything()))
}

fn read(line: &Result<Vec<u8>, smtp::error::EncodeError>) -> (String, Option<String>) {
    let word = last(line.as_ref().expect("a command"));
    let (keyword, value) = oracle::parameter(&word);
    // Only a delimiter of XVERP may be what RFC 5321 does not allow.
    assert!(keyword == "XVERP" || value.is_none_or(oracle::is_value), "{word}");
    (keyword.to_owned(), value.map(str::to_owned))
}

fn value(keyword: &str, (found, value): (String, Option<String>)) -> String {
    assert_eq!(found, keyword);
    value.expect("a value")
}

fn flag(keyword: &str, found: &(String, Option<String>)) {
    assert_eq!(found, &(keyword.to_owned(), None));
}

fn mailboxes() -> impl Strategy<Value = Mailbox> {
    let ascii = "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}";
    let quoted = "\"[a-z @=+]{1,20}\"";
    let other = "[a-z+\u{e9}\u{7528}\u{1f600}]{1,10}";
    let domain = "[a-z]{1,10}(\\.[a-z]{1,10}){0,2}";
    (prop_oneof![ascii, quoted, other], domain)
        .prop_filter_map("an address", |(local, domain)| format!("{local}@{domain}").parse().ok())
}

fn times() -> impl Strategy<Value = DateTime> {
    (-62_167_219_200i64..=253_402_300_799).prop_filter_map("a time", DateTime::from_unix_seconds)
}

#[test]
fn flags() {
    flag("CONPERM", &of_mail(MayConvert));
    flag("REQUIRETLS", &of_mail(RequireTls));
    flag("XVERP", &of_mail(Verp::new()));
    flag("PRDR", &of_mail(Prdr));
    flag("SMTPUTF8", &of_itself(&Mail::from(ReversePath::Null).smtputf8()));
    flag("CONNEG", &of_rcpt(AskFeatures));
    flag("IGNOREQUOTA", &of_rcpt(IgnoreQuota));
    assert_eq!(value("RET", of_mail(Ret::Full)), "FULL");
    assert_eq!(value("RET", of_mail(Ret::Headers)), "HDRS");
    assert_eq!(value("AUTH", of_mail(AuthIdentity::UNKNOWN)), "<>");
    for (kind, written) in [
        (BodyKind::SevenBit, "7BIT"),
        (BodyKind::EightBitMime, "8BITMIME"),
        (BodyKind::BinaryMime, "BINARYMIME"),
    ] {
        let mail = Mail::from(ReversePath::Null).body(kind);
        assert_eq!(value("BODY", of_itself(&mail)), written);
    }
}

/// `"NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" )` (RFC 3461 §4.1): each set once, none twice.
#[test]
fn reports() {
    let kinds =
        [(Notify::SUCCESS, "SUCCESS"), (Notify::FAILURE, "FAILURE"), (Notify::DELAY, "DELAY")];
    for set in 0..8 {
        let chosen = || (0..3).filter(|kind| set >> kind & 1 == 1).map(|kind| kinds[kind]);
        let notify = chosen().fold(Notify::NEVER, |all, (kind, _)| all.and(kind));
        let written = value("NOTIFY", of_rcpt(notify));
        let mut words: Vec<&str> = written.split(',').collect();
        words.sort_unstable();
        let mut expected: Vec<&str> = chosen().map(|(_, word)| word).collect();
        if expected.is_empty() {
            expected.push("NEVER");
        }
        expected.sort_unstable();
        assert_eq!(words, expected);
    }
}

/// Each parameter of the table is read back here, by its keyword.
#[test]
fn no_parameter_is_left_out() {
    let source = include_str!("values.rs");
    for row in parameters() {
        let keyword = row.parameter;
        let is_read = ["value", "flag"].map(|call| format!("{call}(\"{keyword}\""));
        assert!(is_read.iter().any(|call| source.contains(call)), "{keyword} is not read back");
    }
}

proptest! {
    #[test]
    fn sizes(bytes: u64) {
        let written = value("SIZE", of_itself(&Mail::from(ReversePath::Null).size(bytes)));
        prop_assert!((1..=20).contains(&written.len()));
        prop_assert!(written.bytes().all(|digit| digit.is_ascii_digit()));
        prop_assert_eq!(written.parse(), Ok(bytes));
    }

    #[test]
    fn envelope_ids(id in "[ -~]{1,100}") {
        let written = value("ENVID", of_mail_alone(EnvelopeId::new(id.as_str()).expect("printable")));
        prop_assert_eq!(oracle::xtext(&written), Some(id));
    }

    #[test]
    fn addresses_in_xtext(mailbox in mailboxes()) {
        let text = mailbox.to_string();
        let identity = value("AUTH", of_mail(AuthIdentity::new(mailbox.clone())));
        prop_assert_eq!(oracle::xtext(&identity), Some(text.clone()));
        let submitter = value("SUBMITTER", of_mail(Submitter::new(mailbox)));
        prop_assert_eq!(oracle::xtext(&submitter), Some(text));
    }

    #[test]
    fn original_recipients(mailbox in mailboxes()) {
        let text = mailbox.to_string();
        let written = value("ORCPT", of_rcpt(OriginalRecipient::new(mailbox)));
        let (kind, address) = written.split_once(';').expect("a type");
        let read = match kind {
            "rfc822" => oracle::xtext(address),
            "utf-8" => oracle::utf8_address(address),
            _ => None,
        };
        prop_assert_eq!(read, Some(text.clone()));
        prop_assert_eq!(kind == "rfc822", text.is_ascii());
    }

    #[test]
    fn original_recipients_of_other_systems(kind in "[a-zA-Z0-9-]{1,10}", address in "[ -~]{1,80}") {
        let other = OriginalRecipient::other(&kind, &address).expect("printable");
        let written = value("ORCPT", of_rcpt(other));
        let (found, xtext) = written.split_once(';').expect("a type");
        prop_assert_eq!((found, oracle::xtext(xtext)), (kind.as_str(), Some(address)));
    }

    #[test]
    fn times_of_delivery(seconds in 1u32..=999_999_999, other in -999_999_999i32..=999_999_999, trace: bool) {
        let (by, notify) = (DeliverBy::seconds(seconds), NotifyBy::seconds(other));
        let (by, notify) = (by.expect("a time"), notify.expect("a time"));
        let (by, notify) = if trace { (by.trace(), notify.trace()) } else { (by, notify) };
        let written = (value("BY", of_mail(by)), value("BY", of_mail(notify)));
        prop_assert_eq!(oracle::by(&written.0), Some((i64::from(seconds), 'R', trace)));
        prop_assert_eq!(oracle::by(&written.1), Some((i64::from(other), 'N', trace)));
    }

    #[test]
    fn times_of_release(seconds in 1u32..=999_999_999, time in times()) {
        let written = value("HOLDFOR", of_mail(HoldFor::seconds(seconds).expect("a time")));
        prop_assert!(!written.starts_with('0'));
        prop_assert_eq!(oracle::digits_of(&written, 9), Some(i64::from(seconds)));
        let written = value("HOLDUNTIL", of_mail(HoldUntil::new(time)));
        prop_assert_eq!(oracle::time(&written), Some(time.unix_seconds()));
        prop_assert_eq!(written.parse::<DateTime>(), Ok(time));
    }

    #[test]
    fn times_of_ownership(time in times(), passes_on: bool) {
        let since = ValidSince::new(time);
        let written = value("RRVS", of_rcpt(if passes_on { since.or_continue() } else { since }));
        let (date, action) = written.split_once(';').unwrap_or((&written, "R"));
        prop_assert_eq!(oracle::time(date), Some(time.unix_seconds()));
        prop_assert_eq!(action, if passes_on { "C" } else { "R" });
    }

    #[test]
    fn priorities(priority in -9i8..=9) {
        let written = value("MT-PRIORITY", of_mail(Priority::new(priority).expect("a priority")));
        let read = match written.as_bytes() {
            [b'-', digit @ b'1'..=b'9'] => Some(-i64::from(digit - b'0')),
            [digit @ b'0'..=b'9'] => Some(i64::from(digit - b'0')),
            _ => None,
        };
        prop_assert_eq!(read, Some(i64::from(priority)));
    }

    #[test]
    fn certifiers(certifier: [u8; 20], timeout in proptest::option::of(1u32..=999_999_999)) {
        let tracking = Tracking::new(certifier);
        let tracking = timeout.map_or(Some(tracking), |seconds| tracking.timeout(seconds));
        let written = value("MTRK", of_mail(tracking.expect("a time")));
        prop_assert_eq!(oracle::tracking(&written), Some((certifier, timeout.map(i64::from))));
    }

    #[test]
    fn classes_of_solicitation(classes in prop::collection::vec("[a-zA-Z][a-zA-Z0-9._:-]{0,20}", 1..20)) {
        let solicitation = Solicitation::new(classes.iter().map(String::as_str)).expect("words");
        let written = value("SOLICIT", of_mail(solicitation));
        prop_assert_eq!(written.split(',').collect::<Vec<_>>(), classes);
    }

    #[test]
    fn names_of_transactions(local in "[a-zA-Z0-9!#$%&'*+/?^_`{|}~-]{1,30}", domain in "[a-z]{1,10}(\\.[a-z]{1,10}){0,2}") {
        let name = format!("{local}@{domain}");
        let written = value("TRANSID", of_mail(TransactionId::new(&name).expect("a name")));
        let read = written.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        prop_assert_eq!(read, Some(name.as_str()));
    }

    #[test]
    fn delimiters(before in "[!-~]", inside in "[!-~]") {
        let character = |text: &str| text.chars().next().expect("one character");
        let verp = Verp::with_delimiters(character(&before), character(&inside));
        let written = value("XVERP", of_mail(verp.expect("printable")));
        prop_assert_eq!(written, format!("{before}{inside}"));
    }
}

/// Not beside another ENVID.
fn of_mail_alone(parameter: EnvelopeId) -> (String, Option<String>) {
    read(&encode(&Mail::from(ReversePath::Null).with(parameter), &everything()))
}

/// The longest value of ORCPT has 500 bytes (RFC 3461 §4.2).
#[test]
fn an_original_recipient_that_is_too_long_is_not_sent() {
    let encoded = |length: usize| {
        let other = OriginalRecipient::other("x", &"a".repeat(length)).expect("printable");
        encode(&Rcpt::to(ForwardPath::Postmaster).with(other), &everything())
    };
    encoded(498).expect("500 bytes");
    let error = encoded(499).expect_err("501 bytes").to_string();
    assert!(error.starts_with("ORCPT: the address is longer than 500 bytes"), "{error}");
}
