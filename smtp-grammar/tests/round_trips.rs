//! Round trips of generated text: text of the grammar is accepted, other text is refused, and no
//! value displays a line end.

// A test that cannot go on fails, and says why.
#![allow(clippy::unwrap_used)]

use std::fmt::Display;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::string::string_regex;

use smtp_grammar::parser::{self, complete};
use smtp_grammar::{
    Capabilities, Domain, EnhancedStatusCode, EsmtpKeyword, EsmtpParam, EsmtpValue, ForwardPath,
    LocalPart, Mailbox, Reply, ReplyCode, ReversePath, SmtpString, Xtext, xtext,
};

/// The rules of RFC 5321 §4.1.2 once more, as regular expressions.
const ATOM: &str = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,4}";
const SUB_DOMAIN: &str = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,3}[a-zA-Z0-9])?";

fn dot_string() -> String {
    format!(r"{ATOM}(\.{ATOM}){{0,3}}")
}

fn quoted_string() -> String {
    r#""([ !#-\[\]-~]|\\[ -~]){0,6}""#.to_owned()
}

fn domain() -> String {
    format!(r"{SUB_DOMAIN}(\.{SUB_DOMAIN}){{0,3}}")
}

fn local_part() -> String {
    format!("({}|{})", dot_string(), quoted_string())
}

/// Texts that a rule generates.
fn generated(rule: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(rule).unwrap()
}

/// Short texts of the characters that decide, so that many are right and many nearly so.
fn undecided() -> impl Strategy<Value = String> {
    "[ab.@\"\\\\ -]{0,7}"
}

/// `Dot-string`, read by hand.
fn is_dot_string(text: &str) -> bool {
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(|c| matches!(c, 'a' | 'b' | '-')))
}

/// `Quoted-string`, read by hand.
fn is_quoted_string(text: &str) -> bool {
    let Some(mut content) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return false;
    };
    while let Some(first) = content.chars().next() {
        let bytes = match first {
            '"' => return false,
            '\\' if content.len() < 2 => return false,
            '\\' => 2,
            _ => 1,
        };
        content = &content[bytes..];
    }
    text.len() >= 2
}

/// `Domain`, read by hand.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| matches!(c, 'a' | 'b' | '-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.split('.').all(is_label)
}

fn is_mailbox(text: &str) -> bool {
    let splits = text.match_indices('@').map(|(at, _)| (&text[..at], &text[at + 1..]));
    splits.into_iter().any(|(local_part, domain)| {
        (is_dot_string(local_part) || is_quoted_string(local_part)) && is_domain(domain)
    })
}

/// Whether a displayed value holds no character that would end a line or a string.
fn is_one_line(value: &impl Display) -> bool {
    !value.to_string().contains(['\r', '\n', '\0'])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn text_of_the_grammar_is_accepted(
        local_part in generated(&local_part()),
        domain in generated(&domain())
            .prop_filter("A-labels", |text| !text.to_ascii_lowercase().contains("xn--")),
    ) {
        let text = format!("{local_part}@{domain}");
        let mailbox = text.parse::<Mailbox>().unwrap();
        prop_assert_eq!(mailbox.to_string().parse::<Mailbox>().unwrap(), mailbox.clone());
        prop_assert!(mailbox.as_str().len() <= text.len(), "canonical is shortest");
        prop_assert_eq!(text.parse::<ReversePath>().unwrap(), ReversePath::from(&mailbox));
        let path = format!("<{text}>").parse::<ForwardPath>();
        prop_assert_eq!(path.unwrap(), ForwardPath::from(mailbox));
        let again = LocalPart::from_decoded(local_part.parse::<LocalPart>().unwrap().decoded());
        prop_assert_eq!(again, local_part.parse::<LocalPart>());
    }

    #[test]
    fn other_text_is_refused(text in undecided()) {
        prop_assert_eq!(text.parse::<Mailbox>().is_ok(), is_mailbox(&text));
        let local_part = is_dot_string(&text) || is_quoted_string(&text);
        prop_assert_eq!(text.parse::<LocalPart>().is_ok(), local_part);
        prop_assert_eq!(text.parse::<Domain>().is_ok(), is_domain(&text));
    }

    #[test]
    fn parameters_come_back(
        keyword in "[A-Za-z0-9][A-Za-z0-9-]{0,8}",
        value in prop::option::of("[!-<>-~é用]{1,8}"),
    ) {
        let text = value.map_or(keyword.clone(), |value| format!("{keyword}={value}"));
        prop_assert_eq!(text.parse::<EsmtpParam>().unwrap().to_string(), text);
        prop_assert_eq!(keyword.parse::<EsmtpKeyword>().unwrap().to_string(), keyword);
    }

    #[test]
    fn strings_are_understood(text in "[ -~é用]{0,12}") {
        let wire = text.parse::<SmtpString>().unwrap().to_string();
        // A server reads an atom, an address or a quoted string.
        if wire != text {
            let read = wire.parse::<LocalPart>().unwrap();
            prop_assert_eq!(read.decoded(), text);
        }
    }

    #[test]
    fn enhanced_status_codes_come_back(
        class in 0..8u8,
        subject in 0..1100u16,
        detail in 0..1100u16,
    ) {
        let code = EnhancedStatusCode::new(class, subject, detail);
        let text = format!("{class}.{subject}.{detail}");
        prop_assert_eq!(text.parse().ok(), code);
        prop_assert_eq!(code.map(|code| code.to_string()), code.map(|_| text));
    }

    #[test]
    fn xtext_says_any_byte(text in any::<String>(), bytes in vec(any::<u8>(), 0..20)) {
        let wire = Xtext(&text).to_string();
        prop_assert!(wire.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'='));
        prop_assert_eq!(xtext::decode(&wire).unwrap(), text.as_bytes());
        let hexchars = bytes.iter().map(|byte| format!("+{byte:02X}")).collect::<Vec<_>>();
        prop_assert_eq!(xtext::decode(&hexchars.concat()).unwrap(), bytes);
    }

    #[test]
    fn nothing_displays_a_line_end(text in any::<String>(), bytes in vec(any::<u8>(), 0..40)) {
        let hostile = [
            text.clone(),
            format!("a{text}@b"),
            format!("\"{text}\"@b"),
            format!("a@{text}"),
            format!("<{text}>"),
            format!("A={text}"),
            text.replace(['\r', '\n', '\0'], " "),
        ];
        for text in &hostile {
            let mailboxes = [text.parse::<Mailbox>().ok(), Mailbox::new_unchecked(text).ok()];
            for mailbox in mailboxes.into_iter().flatten() {
                prop_assert!(is_one_line(&mailbox) && is_one_line(&SmtpString::from(&mailbox)));
                prop_assert!(is_one_line(mailbox.local_part()) && is_one_line(mailbox.host()));
                prop_assert!(is_one_line(&ForwardPath::from(&mailbox)));
                prop_assert!(is_one_line(&ReversePath::from(mailbox)));
            }
            let domains = [text.parse::<Domain>().ok(), Domain::new_unchecked(text).ok()];
            prop_assert!(domains.iter().flatten().all(is_one_line));
            let value = EsmtpValue::new_unchecked(text).ok();
            prop_assert!(value.iter().all(is_one_line));
            let keyword = "A".parse::<EsmtpKeyword>().unwrap();
            prop_assert!(is_one_line(&EsmtpParam::new(keyword, value)));
            prop_assert!(text.parse::<EsmtpParam>().iter().all(is_one_line));
            prop_assert!(text.parse::<SmtpString>().iter().all(is_one_line));
            prop_assert!(is_one_line(&Xtext(text)));
            prop_assert!(is_one_line(&Reply::new(ReplyCode::OK, [text])));
        }
        let frame = [b"250 ".as_slice(), &bytes, b"\r\n"].concat();
        if let Ok(reply) = Reply::from_frame_lenient(Bytes::from(frame)) {
            prop_assert!(is_one_line(&reply));
            let shown = format!("{:?}{:?}", reply, Capabilities::from_reply(&reply));
            prop_assert!(!shown.contains(char::is_control));
        }
    }

    #[test]
    fn parsers_of_bytes_end(bytes in vec(any::<u8>(), 0..40), text in undecided()) {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let ends = [
                complete(parser::word, bytes).err(),
                complete(parser::spaces, bytes).err(),
                complete(parser::number, bytes).err(),
                complete(parser::domain, bytes).err(),
                complete(parser::mailbox, bytes).err(),
                complete(parser::forward_path, bytes).err(),
            ];
            prop_assert!(ends.iter().flatten().all(|failure| failure.at <= bytes.len()));
            prop_assert_eq!(complete(parser::rest, bytes), Ok(bytes));
        }
    }

    #[test]
    fn replies_are_what_their_lines_were(code in 200..600u16, lines in vec("[ -~é]{0,12}", 1..6)) {
        let code = ReplyCode::new(code).unwrap();
        let reply = Reply::new(code, &lines);
        let again = Reply::from_frame(reply.raw().clone()).unwrap();
        prop_assert_eq!(&again, &reply);
        prop_assert_eq!(again.code(), code);
        prop_assert!(again.lines().eq(lines.iter().map(String::as_bytes)));
        prop_assert_eq!(again.text(), lines.join("\n"));
    }
}
