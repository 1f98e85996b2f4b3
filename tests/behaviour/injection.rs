//! No setter and no derived command can put CR, LF, NUL or an over-long line on the wire.

use std::fmt::{self, Display};

use proptest::prelude::*;
use smtp::command::{Arguments, Auth, Ehlo, Help, Line, Mail, Rcpt, Vrfy, encode};
use smtp::extension::{EnvelopeId, OriginalRecipient, Parameter};
use smtp::grammar::{
    Capabilities, Domain, EsmtpParam, EsmtpValue, ForwardPath, Host, ReplyCode, ReversePath,
    SmtpString,
};
use smtp::{Command, Mailbox, Reply, Secret, SmtpCommand};

/// Capabilities with everything that a command of these tests may need.
fn everything() -> Capabilities {
    let offers =
        ["mail.example.test", "SIZE", "DSN", "SMTPUTF8", "8BITMIME", "X-ALL", "AUTH PLAIN"];
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, offers))
}

/// Encodes the command, and checks what came of it. Says whether it can be sent.
fn checked<C: Command>(command: &C, limit: usize) -> Option<Vec<u8>> {
    let line = encode(command, &everything()).ok()?;
    let text = line.strip_suffix(b"\r\n").expect("a line ends with CRLF");
    assert!(!text.iter().any(|byte| b"\r\n\0".contains(byte)), "{}", line.escape_ascii());
    assert!(line.len() <= limit, "{} bytes", line.len());
    assert!(!text.ends_with(b" "), "{}", line.escape_ascii());
    Some(line)
}

/// Text with what an attacker would put into it.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n".to_owned()),
        Just("\0".to_owned()),
        Just("\r\nRCPT TO:<evil@example.org>\r\n".to_owned()),
        Just("> SIZE=1".to_owned()),
        Just("\u{760d}\u{760a}\u{10d}\u{10a}".to_owned()),
        Just("\u{a0}\u{2028}\u{2029}".to_owned()),
        Just("a".repeat(600)),
        "[ -~]{0,20}",
        ".{0,10}",
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

/// A user's command without any checks: every kind of field, all of them plain text.
#[derive(SmtpCommand)]
#[smtp(verb = "X-ALL", requires = "X-ALL", valid_in(any))]
struct Careless {
    plain: String,
    #[smtp(prefix = "@")]
    prefixed: Option<String>,
    #[smtp(param = "XTEXT", xtext)]
    xtext: String,
    #[smtp(param = "BASE64", base64)]
    base64: String,
    #[smtp(with = shout)]
    with: String,
    #[smtp(param = "LIST", join = ",")]
    list: Vec<String>,
    repeated: Vec<String>,
    secret: Secret,
    #[smtp(flatten)]
    own: Own,
}

fn shout(text: &str) -> Shout<'_> {
    Shout(text)
}

struct Shout<'a>(&'a str);

impl Display for Shout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!", self.0)
    }
}

/// Arguments that are written by hand.
struct Own(String);

impl Arguments for Own {
    fn write(&self, line: &mut Line<'_>) {
        line.text(&self.0);
        line.param(&self.0, &self.0);
        line.flag(&self.0);
    }
}

/// A command that is written by hand, against all advice.
struct Reckless(String);

impl Command for Reckless {
    type Reply = Reply;
    const SPEC: smtp::command::CommandSpec = smtp::command::CommandSpec::new("X-RECKLESS");
    fn encode(&self, line: &mut Line<'_>) {
        line.verb(&self.0);
        line.text(&self.0);
    }
}

proptest! {
    #[test]
    fn addresses(text in hostile()) {
        let mailboxes = [Mailbox::try_from(text.as_str()).ok(), Mailbox::new_unchecked(&text).ok()];
        for mailbox in mailboxes.into_iter().flatten() {
            let line = checked(&Mail::from(&mailbox).smtputf8().size(1), 512 + 26 + 10);
            if let Some(line) = line {
                let text = String::from_utf8(line).expect("UTF-8");
                prop_assert!(text.ends_with("> SIZE=1 SMTPUTF8\r\n"), "{text}");
            }
            checked(&Rcpt::to(&mailbox).with(OriginalRecipient::new(mailbox.clone())), 512 + 500);
            checked(&Vrfy::new(&mailbox), 512);
        }
        if let Ok(path) = ReversePath::try_from(text.as_str()) {
            checked(&Mail::from(path), 512);
        }
        if let Ok(path) = ForwardPath::try_from(text.as_str()) {
            checked(&Rcpt::to(path), 512);
        }
    }

    #[test]
    fn names(text in hostile()) {
        if let Ok(host) = text.parse::<Host>() {
            let line = checked(&Ehlo::new(host), 512).expect("a host can always be written");
            prop_assert!(line.is_ascii());
        }
        if let Ok(domain) = Domain::new_unchecked(&text) {
            checked(&Ehlo::new(domain), 512);
        }
        if let Ok(text) = text.parse::<SmtpString>() {
            checked(&Vrfy::new(text.clone()), 512);
            checked(&Help::new().on(text), 512);
        }
    }

    #[test]
    fn parameters(keyword in hostile(), value in hostile()) {
        let mail = |parameter| Mail::from(ReversePath::Null).with(parameter);
        checked(&mail(Parameter::new(keyword.clone(), value.clone(), "X-ALL")), 512);
        checked(&mail(Parameter::flag(keyword.clone(), "X-ALL").raises(100)), 612);
        if let Some(id) = EnvelopeId::new(value.clone()) {
            let line = checked(&Mail::from(ReversePath::Null).with(id), 512 + 107);
            prop_assert!(line.is_some(), "printable ASCII can always be written");
        }
        if let (Ok(value), Ok(keyword)) = (EsmtpValue::new_unchecked(value), keyword.parse()) {
            let parameter = EsmtpParam::new(keyword, Some(value));
            prop_assert!(!parameter.to_string().contains(['\r', '\n', '\0']));
        }
    }

    #[test]
    fn derived_and_handwritten_commands(texts in prop::collection::vec(hostile(), 9)) {
        let [plain, prefixed, xtext, base64, with, one, two, secret, own] =
            <[String; 9]>::try_from(texts).expect("nine texts");
        checked(&Reckless(plain.clone()), 512);
        checked(&Reckless(String::from("X\r\nDATA")), 512);
        let careless = Careless {
            plain,
            prefixed: Some(prefixed),
            xtext,
            base64,
            with,
            list: vec![one.clone(), two.clone()],
            repeated: vec![one, two],
            secret: Secret::from(secret),
            own: Own(own),
        };
        checked(&careless, 512);
    }

    #[test]
    fn fields_alone(text in hostile()) {
        let careless = |edit: fn(&mut Careless, String)| {
            let mut careless = Careless {
                plain: "a".to_owned(),
                prefixed: None,
                xtext: "a".to_owned(),
                base64: "a".to_owned(),
                with: "a".to_owned(),
                list: Vec::new(),
                repeated: Vec::new(),
                secret: Secret::from("a"),
                own: Own("A".to_owned()),
            };
            edit(&mut careless, text.clone());
            checked(&careless, 512)
        };
        careless(|careless, text| careless.plain = text);
        careless(|careless, text| careless.prefixed = Some(text));
        careless(|careless, text| careless.base64 = text);
        careless(|careless, text| careless.with = text);
        careless(|careless, text| careless.list = vec![text.clone(), text]);
        careless(|careless, text| careless.repeated = vec![text]);
        careless(|careless, text| careless.secret = Secret::from(text));
        careless(|careless, text| careless.own = Own(text));
        let short = text.len() < 100 && !text.is_empty();
        let line = careless(|careless, text| careless.xtext = text);
        prop_assert!(line.is_some() || !short, "xtext can say anything");
    }
}

/// A character must not lose its upper bytes on the way (CVE-2025-7962).
#[test]
fn no_character_is_cut_to_its_low_byte() {
    let mut sent = 0;
    for character in (0x80..=0x0010_ffff).filter_map(char::from_u32) {
        if ![0x0d, 0x0a, 0x00, 0x20, 0x3e].contains(&(u32::from(character) & 0xff)) {
            continue;
        }
        let address = format!("a{character}b@example.org");
        let Ok(mailbox) = Mailbox::try_from(address.as_str()) else {
            continue;
        };
        let line = checked(&Mail::from(&mailbox).smtputf8(), 522).expect("it was parsed");
        assert_eq!(line, format!("MAIL FROM:<{address}> SMTPUTF8\r\n").as_bytes());
        sent += 1;
    }
    assert!(sent > 20_000, "only {sent} characters were accepted");
}

/// A value is one argument: it cannot bring a parameter along.
#[test]
fn a_value_cannot_become_two() {
    for text in ["a b", "a SIZE=1", " a", "a ", "a\tb", ""] {
        #[derive(SmtpCommand)]
        #[smtp(verb = "X-ONE", valid_in(any))]
        struct One<'a>(#[smtp(param = "P")] &'a str);

        assert!(checked(&One(text), 512).is_none(), "{text:?}");
    }
    for text in ["a b", " a", "a ", "a\tb", "a\u{1e}b", "a\u{7f}b", "a\" b", "\"a\" b", ""] {
        #[derive(SmtpCommand)]
        #[smtp(verb = "X-ONE", valid_in(any))]
        struct One<'a>(&'a str);

        assert!(checked(&One(text), 512).is_none(), "{text:?}");
    }
    for name in ["PLAIN AAAA", "PLAIN\u{1e}", "", "PL\" \"AIN", "A-NAME-OF-MORE-THAN-20"] {
        assert!(checked(&Auth::new(name, None), 512).is_none(), "{name:?}");
    }
    for address in ["a@b> SIZE=1", "a@b SIZE=1", "<a@b> SIZE=1", "a>b@c", "a b@c"] {
        assert!(Mailbox::try_from(address).is_err(), "{address}");
    }
    let quoted: Mailbox = "\"a> SIZE=1 b\"@example.org".parse().expect("quoted");
    let line = checked(&Mail::from(quoted), 512).expect("quoted");
    assert_eq!(line, b"MAIL FROM:<\"a> SIZE=1 b\"@example.org>\r\n");
}

#[test]
fn a_line_of_512_bytes_is_sent_and_one_of_513_is_not() {
    #[derive(SmtpCommand)]
    #[smtp(verb = "NOOP", valid_in(any))]
    struct Long(String);

    let fits = 512 - "NOOP ".len() - 2;
    assert_eq!(checked(&Long("x".repeat(fits)), 512).map(|line| line.len()), Some(512));
    let error = encode(&Long("x".repeat(fits + 1)), &everything()).expect_err("too long");
    assert!(error.to_string().contains("513"), "{error}");
}
