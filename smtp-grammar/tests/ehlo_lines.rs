//! Lines of an EHLO reply: which are keywords, which parameters they have, and how the others are
//! read (RFC 5321 §4.1.1.1).

// A test that cannot go on fails, and says why.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;

use smtp_grammar::{Capabilities, Capability, Params, Reply, ReplyCode};

/// The capabilities of a server that says `lines` after its name.
fn capabilities(lines: &[&[u8]]) -> Capabilities {
    let mut frame = b"250-mail.example.org".to_vec();
    for line in lines {
        frame.extend_from_slice(b"\r\n250-");
        frame.extend_from_slice(line);
    }
    frame.extend_from_slice(b"\r\n250 HELP\r\n");
    Capabilities::from_reply(&Reply::from_frame(Bytes::from(frame)).unwrap())
}

fn params<'a>(capabilities: &'a Capabilities, keyword: &str) -> Option<Vec<&'a str>> {
    capabilities.params(keyword).map(Iterator::collect)
}

#[test]
fn keywords() {
    // A line, and the keyword that it lists.
    let table: &[(&str, &[u8], Option<&str>)] = &[
        ("alone", b"DSN", Some("DSN")),
        ("with parameters", b"SIZE 10", Some("SIZE")),
        ("in lower case", b"dsn", Some("dsn")),
        ("one character", b"X", Some("X")),
        ("a digit first", b"8BITMIME", Some("8BITMIME")),
        ("hyphens", b"X-A--B-", Some("X-A--B-")),
        ("a trailing space", b"DSN ", Some("DSN")),
        ("a trailing tab", b"DSN\t", Some("DSN")),
        ("a tab before parameters", b"SIZE\t10", Some("SIZE")),
        ("AUTH of old", b"AUTH=LOGIN", Some("AUTH")),
        ("AUTH of old, empty", b"AUTH=", Some("AUTH")),
        ("AUTH of old, in lower case", b"auth=LOGIN", Some("auth")),
        ("nothing", b"", None),
        ("a space", b" ", None),
        ("a space first", b" DSN", None),
        ("a hyphen first", b"-DSN", None),
        ("a hyphen alone", b"-", None),
        ("an underscore", b"X_PIPE_CONNECT", None),
        ("a dot", b"X.Y", None),
        ("a colon", b"DSN:", None),
        ("X-EXPS of the same time", b"X-EXPS=LOGIN", Some("X-EXPS")),
        ("= after another keyword", b"X-SIZE=10", None),
        ("Latin-1", b"DS\xd1", None),
        ("UTF-8", "DSÑ".as_bytes(), None),
        ("NUL", b"DSN\0", None),
        ("a form feed", b"DSN\x0c", None),
        ("a bare CR", b"DSN\r", None),
        ("a bare CR inside", b"DSN\rSTARTTLS", None),
    ];
    for &(name, line, expected) in table {
        let capabilities = capabilities(&[line]);
        let found = capabilities.iter().map(|(keyword, _)| keyword).collect::<Vec<_>>();
        let expected = expected.into_iter().chain(["HELP"]).collect::<Vec<_>>();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn starttls_is_a_whole_word_and_never_the_first() {
    let table: &[(&[u8], bool)] = &[
        (b"250 STARTTLS\r\n", false),
        (b"250-STARTTLS\r\n250 HELP\r\n", false),
        (b"250-a\r\n250 STARTTLS\r\n", true),
        (b"250-\r\n250 STARTTLS\r\n", true),
        (b"250-STARTTLS\r\n250 STARTTLS\r\n", true),
        (b"250-a\r\n250-starttls\t\r\n250 HELP\r\n", true),
        (b"250-a\r\n250-StartTLS anything\r\n250 HELP\r\n", true),
        (b"250-a\r\n250 STARTTLSX\r\n", false),
        (b"250-a\r\n250 XSTARTTLS\r\n", false),
        (b"250-a\r\n250 X-STARTTLS\r\n", false),
        (b"250-a\r\n250 START-TLS\r\n", false),
        (b"250-a\r\n250 STARTTLS-X\r\n", false),
        (b"250-a\r\n250 HELP STARTTLS\r\n", false),
        (b"250-a\r\n250\tSTARTTLS\r\n", true),
        (b"250-a\r\n250\r\n", false),
    ];
    for &(frame, expected) in table {
        let reply = Reply::from_frame(Bytes::from_static(frame)).unwrap();
        let capabilities = Capabilities::from_reply(&reply);
        assert_eq!(capabilities.has("STARTTLS"), expected, "{}", frame.escape_ascii());
        assert!(!capabilities.has("START"), "{}", frame.escape_ascii());
        assert!(!capabilities.has(""), "{}", frame.escape_ascii());
    }
}

#[test]
fn parameters() {
    let table: &[(&str, &[u8], &[&str])] = &[
        ("none", b"X", &[]),
        ("one", b"X a", &["a"]),
        ("several", b"X a b=c d;e", &["a", "b=c", "d;e"]),
        ("more blanks than needed", b"X  a\t b\t", &["a", "b"]),
        ("more digits than a number has", b"X 99999999999999999999", &["99999999999999999999"]),
        ("as they are", b"X -1 1K 0005 a=", &["-1", "1K", "0005", "a="]),
        ("Latin-1 is left out", b"X a \xe9 b", &["a", "b"]),
        ("UTF-8 is left out", "X a é b".as_bytes(), &["a", "b"]),
        ("controls are left out", b"X a \x1b[2J b\x7f c", &["a", "c"]),
        ("a bare CR is a control", b"X a\rb c", &["c"]),
        ("a form feed is one", b"X a\x0cb c", &["c"]),
    ];
    for &(name, line, expected) in table {
        let capabilities = capabilities(&[line]);
        assert_eq!(params(&capabilities, "x").as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn lines_of_a_keyword_are_read_together() {
    let table: &[(&str, &[&[u8]], &[&str])] = &[
        ("old and new", &[b"AUTH=LOGIN PLAIN", b"AUTH CRAM-MD5"], &["LOGIN", "PLAIN", "CRAM-MD5"]),
        ("none", &[b"AUTH"], &[]),
        ("none, then some", &[b"AUTH", b"DSN", b"AUTH PLAIN"], &["PLAIN"]),
        ("lower case", &[b"auth plain", b"Auth=login"], &["plain", "login"]),
        ("twice", &[b"AUTH PLAIN", b"AUTH PLAIN"], &["PLAIN", "PLAIN"]),
    ];
    for &(name, lines, expected) in table {
        let capabilities = capabilities(lines);
        assert_eq!(params(&capabilities, "AUTH").as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn each_of_many_keywords_is_found() {
    // More than there are slots and numbers of lines, with names of one length and of any.
    let names: Vec<_> = (0..700).map(|number| format!("X-{number}-{}Z", number % 7)).collect();
    let lines = names.iter().map(|name| format!("{name} {name} {}", name.len()));
    let lines = std::iter::once("mail.example.org".to_owned()).chain(lines);
    let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
    for name in &names {
        for name in [name.clone(), name.to_lowercase()] {
            assert!(capabilities.has(&name), "{name}");
            let value = params(&capabilities, &name).unwrap_or_default();
            assert!(value[0].eq_ignore_ascii_case(&name), "{name}: {value:?}");
        }
    }
    for number in 0..700 {
        assert!(!capabilities.has(&format!("X-{number}-{}Z", number % 7 + 1)), "{number}");
    }
}

#[test]
fn numbers_are_those_that_parameters_begin_with() {
    let table: &[(&[&[u8]], &[u32])] = &[
        (&[b"SIZE 1000"], &[1000]),
        (&[b"SIZE 1000 2000"], &[1000]),
        (&[b"SIZE 240,X-MORE"], &[240]),
        (&[b"SIZE 0"], &[0]),
        (&[b"SIZE 999999999"], &[999_999_999]),
        (&[b"SIZE 1000000000"], &[]),
        (&[b"SIZE 1K"], &[]),
        (&[b"SIZE -1"], &[]),
        (&[b"SIZE ,1"], &[]),
        (&[b"SIZE"], &[]),
        (&[b"SIZES 1"], &[]),
        (&[b"SIZE 7", b"size", b"SIZE 5"], &[7, 5]),
    ];
    for (lines, numbers) in table {
        assert!(capabilities(lines).numbers("SIZE").eq(numbers.iter().copied()), "{lines:?}");
    }
}

#[test]
fn only_a_clone_is_the_same_reply() {
    let offers = capabilities(&[b"DSN"]);
    assert!(offers.is_same(&offers.clone()));
    assert!(!offers.is_same(&capabilities(&[b"DSN"])));
    assert!(!offers.is_same(&offers.without(&["SIZE"])));
}

#[test]
fn raw_lines_are_what_came() {
    let lines: &[&[u8]] = &[b"", b" ", b"-X", b"caf\xe9", b"X\0\x1b", b"X  ", b"a\rb"];
    let capabilities = capabilities(lines);
    let raw = capabilities.raw_lines().collect::<Vec<_>>();
    assert_eq!(raw.first(), Some(&b"mail.example.org".as_slice()));
    assert_eq!(raw[1..=lines.len()], *lines);
    assert_eq!(raw.last(), Some(&b"HELP".as_slice()));
    assert_eq!(format!("{capabilities:?}"), r#"{"X": [], "HELP": []}"#);
    assert_eq!(Capabilities::none().raw_lines().count(), 0);
}

#[test]
fn names_of_servers() {
    let table: &[(&[u8], &str)] = &[
        (b"250 mail.example.org\r\n", "mail.example.org"),
        (b"250-mail.example.org at your service\r\n250 HELP\r\n", "mail.example.org"),
        (b"250 [192.0.2.1] hello\r\n", "[192.0.2.1]"),
        (b"250\r\n", ""),
        (b"250 caf\xe9\r\n", ""),
    ];
    for &(frame, expected) in table {
        let reply = Reply::from_frame(Bytes::from_static(frame)).unwrap();
        assert_eq!(Capabilities::from_reply(&reply).greeting_domain(), expected);
    }
}

#[test]
fn types_of_users_read_parameters() {
    #[derive(Debug, PartialEq)]
    struct Limits(Vec<(String, u32)>);

    impl Capability for Limits {
        const KEYWORD: &'static str = "LIMITS";

        fn parse(params: Params<'_>) -> Self {
            let limit = |param: &str| {
                let (name, value) = param.split_once('=')?;
                Some((name.to_owned(), value.parse().ok()?))
            };
            Self(params.filter_map(limit).collect())
        }
    }

    let capabilities = capabilities(&[b"limits RCPTMAX=20 MAILMAX", b"LIMITS MAILMAX=5"]);
    let expected = [("RCPTMAX", 20), ("MAILMAX", 5)].map(|(name, value)| (name.to_owned(), value));
    assert_eq!(capabilities.get::<Limits>(), Some(Limits(expected.to_vec())));
    assert_eq!(Capabilities::none().get::<Limits>(), None);
}

/// EHLO replies of servers in use, without their first line.
const SERVERS: [(&str, &str); 8] = [
    ("iCloud", "PIPELINING|SIZE 28311552|ETRN|ENHANCEDSTATUSCODES|8BITMIME|DSN|CHUNKING"),
    (
        "Exchange Online",
        "SIZE 157286400|PIPELINING|DSN|ENHANCEDSTATUSCODES|STARTTLS|8BITMIME|BINARYMIME|CHUNKING|\
         SMTPUTF8",
    ),
    (
        "Exchange",
        "SIZE|X-ANONYMOUSTLS|AUTH NTLM GSSAPI|X-EXPS GSSAPI NTLM|8BITMIME|BINARYMIME|CHUNKING|\
         XEXCH50|XRDST|XSHADOW",
    ),
    (
        "Exim",
        "SIZE 52428800|LIMITS MAILMAX=1000 RCPTMAX=50000|8BITMIME|PIPELINING|PIPECONNECT|\
         AUTH PLAIN LOGIN|CHUNKING|STARTTLS|PRDR|SMTPUTF8|DSN|ETRN|EXPN|VRFY|WELLKNOWN|HELP",
    ),
    (
        "mox",
        "PIPELINING|SIZE 104857600|STARTTLS|REQUIRETLS|AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 \
         SCRAM-SHA-1-PLUS SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN|ENHANCEDSTATUSCODES|8BITMIME|\
         FUTURERELEASE 5184000 2024-12-02T08:56:10Z|LIMITS RCPTMAX=1000|SMTPUTF8",
    ),
    ("Dovecot", "8BITMIME|AUTH PLAIN LOGIN|BURL imap|CHUNKING|ENHANCEDSTATUSCODES|SIZE|PIPELINING"),
    (
        "sendmail",
        "ENHANCEDSTATUSCODES|PIPELINING|EXPN|VERB|8BITMIME|SIZE|DSN|ETRN|AUTH DIGEST-MD5 CRAM-MD5|\
         STARTTLS|DELIVERBY|HELP",
    ),
    ("OpenSMTPD", "8BITMIME|ENHANCEDSTATUSCODES|SIZE 36700160|DSN|STARTTLS|AUTH PLAIN LOGIN|HELP"),
];

#[test]
fn servers_in_use_are_read_word_for_word() {
    for (name, text) in SERVERS {
        let lines = ["mail.example.org"].into_iter().chain(text.split('|'));
        let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
        let found = capabilities.iter().map(|(keyword, params)| {
            [keyword].into_iter().chain(params).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(found.collect::<Vec<_>>().join("|"), text, "{name}");
    }
}
