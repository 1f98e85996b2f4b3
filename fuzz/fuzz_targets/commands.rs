//! Encode, parse, encode again: the same line, for every built-in command.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use smtp::{Command, Reply, Secret};
use smtp::command::{Auth, Bdat, Data, Ehlo, Helo, Help, Mail, Noop, Quit, Rcpt, Rset, StartTls, Vrfy, encode};
use smtp::extension::{BodyKind, Parameter};
use smtp::grammar::{Capabilities, ForwardPath, Host, ReplyCode, ReversePath, SmtpString};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut fields = text.split('\u{1f}');
    let (kind, fields): (&str, Vec<&str>) = (fields.next().unwrap_or(""), fields.collect());
    let field = |index: usize| fields.get(index).copied().unwrap_or("");
    let Some(line) = made(kind, &field) else {
        return;
    };
    let again = parsed(&line).unwrap_or_else(|| panic!("{line:?} is not parsed again"));
    assert_eq!(again, line);
});

fn offers() -> Capabilities {
    let lines = ["mail", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "AUTH X", "STARTTLS", "CHUNKING",
        "BINARYMIME", "X-ANY"];
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

fn line<C: Command>(command: &C) -> Option<String> {
    let line = encode(command, &offers()).ok()?;
    Some(String::from_utf8(line).expect("commands are text"))
}

/// A command of arbitrary fields, when they make one.
fn made<'a>(kind: &str, field: &impl Fn(usize) -> &'a str) -> Option<String> {
    match kind {
        "E" => line(&Ehlo::new(field(0).parse::<Host>().ok()?)),
        "H" => line(&Helo::new(field(0).parse::<Host>().ok()?)),
        "M" => {
            let mut mail = Mail::from(field(0).parse::<ReversePath>().ok()?);
            if let Ok(size) = field(1).parse() {
                mail = mail.size(size);
            }
            mail = match field(2) {
                "8" => mail.body(BodyKind::EightBitMime),
                "7" => mail.body(BodyKind::SevenBit),
                "B" => mail.body(BodyKind::BinaryMime),
                _ => mail,
            };
            if field(3) == "u" {
                mail = mail.smtputf8();
            }
            line(&with(mail, field(4), field(5), |mail, parameter| mail.with(parameter)))
        }
        "R" => {
            let rcpt = Rcpt::to(field(0).parse::<ForwardPath>().ok()?);
            line(&with(rcpt, field(1), field(2), |rcpt, parameter| rcpt.with(parameter)))
        }
        "V" => line(&Vrfy::new(field(0).parse::<SmtpString>().ok()?)),
        "?" => line(&Help::new().on(field(0).parse::<SmtpString>().ok()?)),
        "A" => {
            // After a character that tells an empty response from none.
            let initial = field(1).get(1..).map(Secret::from);
            line(&Auth::new(field(0), initial))
        }
        "B" => line(&Bdat::chunk(field(0).parse().ok()?)),
        "L" => line(&Bdat::last(field(0).parse().ok()?)),
        "D" => line(&Data),
        "S" => line(&Rset),
        "N" => line(&Noop),
        "Q" => line(&Quit),
        "T" => line(&StartTls),
        _ => line(&Help::new()),
    }
}

fn with<C>(command: C, keyword: &str, value: &str, add: impl Fn(C, Parameter) -> C) -> C {
    // The built-in parameters have fields of their own.
    if ["SIZE", "BODY", "SMTPUTF8"].iter().any(|known| known.eq_ignore_ascii_case(keyword)) {
        return command;
    }
    match (keyword, value) {
        ("", _) => command,
        (keyword, "") => add(command, Parameter::flag(keyword.to_owned(), "X-ANY")),
        (keyword, value) => add(command, Parameter::new(keyword.to_owned(), value, "X-ANY")),
    }
}

/// Parses a line by itself, and encodes what it found.
fn parsed(text: &str) -> Option<String> {
    let text = text.strip_suffix("\r\n")?;
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (verb, rest) {
        ("EHLO", host) => line(&Ehlo::new(host.parse::<Host>().ok()?)),
        ("HELO", host) => line(&Helo::new(host.parse::<Host>().ok()?)),
        ("MAIL", rest) => {
            let (path, parameters) = path(rest.strip_prefix("FROM:")?)?;
            let mut mail = Mail::from(path.parse::<ReversePath>().ok()?);
            for (keyword, value) in parameters {
                mail = match (keyword, value) {
                    ("SIZE", size) => mail.size(size?.parse().ok()?),
                    ("BODY", Some("7BIT")) => mail.body(BodyKind::SevenBit),
                    ("BODY", Some("BINARYMIME")) => mail.body(BodyKind::BinaryMime),
                    ("BODY", Some("8BITMIME")) => mail.body(BodyKind::EightBitMime),
                    ("SMTPUTF8", None) => mail.smtputf8(),
                    (keyword, value) => {
                        with(mail, keyword, value.unwrap_or(""), |mail, p| mail.with(p))
                    }
                };
            }
            line(&mail)
        }
        ("RCPT", rest) => {
            let (path, parameters) = path(rest.strip_prefix("TO:")?)?;
            let mut rcpt = Rcpt::to(path.parse::<ForwardPath>().ok()?);
            for (keyword, value) in parameters {
                rcpt = with(rcpt, keyword, value.unwrap_or(""), |rcpt, p| rcpt.with(p));
            }
            line(&rcpt)
        }
        ("VRFY", string) => line(&Vrfy::new(string_of(string)?)),
        ("HELP", "") => line(&Help::new()),
        ("HELP", string) => line(&Help::new().on(string_of(string)?)),
        ("AUTH", rest) => {
            let (mechanism, initial) = match rest.split_once(' ') {
                Some((mechanism, "=")) => (mechanism, Some(Secret::default())),
                Some((mechanism, text)) => (mechanism, Some(Secret::from(STANDARD.decode(text).ok()?))),
                None => (rest, None),
            };
            line(&Auth::new(mechanism, initial))
        }
        ("BDAT", rest) => match rest.strip_suffix(" LAST") {
            Some(bytes) => line(&Bdat::last(bytes.parse().ok()?)),
            None => line(&Bdat::chunk(rest.parse().ok()?)),
        },
        ("DATA", "") => line(&Data),
        ("RSET", "") => line(&Rset),
        ("NOOP", "") => line(&Noop),
        ("QUIT", "") => line(&Quit),
        ("STARTTLS", "") => line(&StartTls),
        _ => None,
    }
}

type Parameters<'a> = Vec<(&'a str, Option<&'a str>)>;

/// The path, up to the `>` that no quotes hold, and the parameters after it.
fn path(text: &str) -> Option<(&str, Parameters<'_>)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' => return !quoted,
            _ => {}
        }
        false
    })?;
    let parameters = text[end + 1..].split(' ').filter(|word| !word.is_empty());
    let parameters = parameters.map(|word| match word.split_once('=') {
        Some((keyword, value)) => (keyword, Some(value)),
        None => (word, None),
    });
    Some((&text[..=end], parameters.collect()))
}

/// `Atom / Quoted-string`, or an address.
fn string_of(text: &str) -> Option<SmtpString> {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.parse().ok();
    };
    if text.parse::<smtp::Mailbox>().is_ok() {
        return text.parse().ok();
    }
    let mut decoded = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        decoded.push(if character == '\\' { characters.next()? } else { character });
    }
    decoded.parse().ok()
}
