//! The EHLO replies of servers in use, and what is read from each.

use smtp::extension::*;
use smtp::grammar::Capabilities;

use super::keywords::capabilities;

const GMAIL: &[&str] = &[
    "SIZE 35882577",
    "8BITMIME",
    "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH",
    "ENHANCEDSTATUSCODES",
    "PIPELINING",
    "CHUNKING",
    "SMTPUTF8",
];
const ICLOUD: &[&str] =
    &["PIPELINING", "SIZE 28311552", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "CHUNKING"];
const EXCHANGE_ONLINE: &[&str] = &[
    "SIZE 157286400",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH LOGIN XOAUTH2",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
];
const EXCHANGE: &[&str] = &[
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "X-ANONYMOUSTLS",
    "AUTH NTLM GSSAPI",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XEXCH50",
    "XRDST",
    "XSHADOW",
];
const POSTFIX: &[&str] = &[
    "PIPELINING",
    "SIZE 10240000",
    "VRFY",
    "ETRN",
    "STARTTLS",
    "AUTH PLAIN LOGIN",
    "AUTH=PLAIN LOGIN",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "DSN",
    "SMTPUTF8",
    "CHUNKING",
    "REQUIRETLS",
    "XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT",
    "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT",
    "XVERP",
];
const EXIM: &[&str] = &[
    "SIZE 52428800",
    "LIMITS MAILMAX=1000 RCPTMAX=50000",
    "8BITMIME",
    "PIPELINING",
    "PIPECONNECT",
    "AUTH PLAIN",
    "CHUNKING",
    "STARTTLS",
    "PRDR",
    "SMTPUTF8",
    "DSN",
    "ETRN",
    "EXPN",
    "VRFY",
    "WELLKNOWN",
    "HELP",
];
const MOX: &[&str] = &[
    "PIPELINING",
    "SIZE 104857600",
    "STARTTLS",
    "REQUIRETLS",
    "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "FUTURERELEASE 5184000 2024-12-02T08:56:10Z",
    "LIMITS RCPTMAX=1000",
    "SMTPUTF8",
];
const DOVECOT: &[&str] = &[
    "8BITMIME",
    "AUTH PLAIN",
    "BURL imap",
    "CHUNKING",
    "ENHANCEDSTATUSCODES",
    "SIZE",
    "PIPELINING",
];
const SENDMAIL: &[&str] = &[
    "ENHANCEDSTATUSCODES",
    "PIPELINING",
    "EXPN",
    "VERB",
    "8BITMIME",
    "SIZE",
    "DSN",
    "ETRN",
    "AUTH DIGEST-MD5 CRAM-MD5",
    "STARTTLS",
    "DELIVERBY",
    "HELP",
];
const OPENSMTPD: &[&str] = &[
    "8BITMIME",
    "ENHANCEDSTATUSCODES",
    "SIZE 36700160",
    "DSN",
    "STARTTLS",
    "AUTH PLAIN LOGIN",
    "HELP",
];

const ALL: [(&str, &[&str]); 10] = [
    ("Gmail", GMAIL),
    ("iCloud", ICLOUD),
    ("Exchange Online", EXCHANGE_ONLINE),
    ("Exchange", EXCHANGE),
    ("Postfix", POSTFIX),
    ("Exim", EXIM),
    ("mox", MOX),
    ("Dovecot", DOVECOT),
    ("sendmail", SENDMAIL),
    ("OpenSMTPD", OPENSMTPD),
];

/// The size limit and the mechanisms of each.
#[test]
fn sizes_and_mechanisms() {
    let expected: [(Option<u64>, &[&str]); 10] = [
        (
            Some(35_882_577),
            &["LOGIN", "PLAIN", "XOAUTH2", "PLAIN-CLIENTTOKEN", "OAUTHBEARER", "XOAUTH"],
        ),
        (Some(28_311_552), &[]),
        (Some(157_286_400), &["LOGIN", "XOAUTH2"]),
        (Some(37_748_736), &["NTLM", "GSSAPI"]),
        (Some(10_240_000), &["PLAIN", "LOGIN"]),
        (Some(52_428_800), &["PLAIN"]),
        (
            Some(104_857_600),
            &[
                "SCRAM-SHA-256-PLUS",
                "SCRAM-SHA-256",
                "SCRAM-SHA-1-PLUS",
                "SCRAM-SHA-1",
                "CRAM-MD5",
                "PLAIN",
                "LOGIN",
            ],
        ),
        (None, &["PLAIN"]),
        (None, &["DIGEST-MD5", "CRAM-MD5"]),
        (Some(36_700_160), &["PLAIN", "LOGIN"]),
    ];
    for ((name, lines), (limit, mechanisms)) in ALL.iter().zip(expected) {
        let offers = capabilities(lines);
        assert_eq!(offers.get::<Size>().and_then(Size::limit), limit, "{name}");
        let found = offers.get::<AuthMechanisms>().unwrap_or_default();
        assert_eq!(found.names().collect::<Vec<_>>(), mechanisms, "{name}");
    }
}

/// Each line is a keyword that is found, with what follows it.
#[test]
fn no_line_is_lost() {
    for (name, lines) in ALL {
        let offers = capabilities(lines);
        assert_eq!(offers.iter().count(), lines.len(), "{name}");
        for line in lines {
            let (keyword, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            assert!(offers.has(keyword), "{name}: {line}");
            let params: Vec<&str> = offers.params(keyword).expect("listed").collect();
            let given: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
            assert!(given.iter().all(|word| params.contains(word)), "{name}: {line}");
        }
        let raw: Vec<&[u8]> = offers.raw_lines().skip(1).collect();
        assert_eq!(raw, lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>(), "{name}");
    }
}

/// The keywords that the library has no type for stay reachable, with their text.
#[test]
fn unknown_keywords() {
    let offers = capabilities(EXCHANGE);
    for keyword in ["X-ANONYMOUSTLS", "XEXCH50", "XRDST", "XSHADOW"] {
        assert!(offers.has(keyword), "{keyword}");
    }
    let offers = capabilities(&["XFILTERED by=1 {2}", "XACK"]);
    assert!(offers.params("xfiltered").is_some_and(|params| params.eq(["by=1", "{2}"])));
    assert!(offers.params("XACK").is_some_and(|mut params| params.next().is_none()));
    assert!(offers.params("XGOOD").is_none());
}

fn limits(offers: &Capabilities) -> [Option<u32>; 3] {
    let limits = ServerLimits::of(offers);
    [limits.mail, limits.rcpt, limits.rcpt_domain]
}

#[test]
fn the_others() {
    let postfix = capabilities(POSTFIX);
    let client = postfix.get::<XClientExtension>().expect("XCLIENT");
    assert!(client.has("DESTPORT") && client.attributes().count() == 9);
    let forward = postfix.get::<XForwardExtension>().expect("XFORWARD");
    assert!(forward.has("IDENT") && !forward.has("LOGIN"));
    assert!(postfix.get::<XVerpExtension>().is_some());
    assert!(postfix.get::<RequireTlsExtension>().is_some());
    let exim = capabilities(EXIM);
    assert_eq!(limits(&exim), [Some(1000), Some(50_000), None]);
    assert!(exim.get::<Prdr>().is_some() && exim.get::<PipeConnect>().is_some());
    assert!(exim.get::<WellKnownExtension>().is_some() && exim.get::<ExpnExtension>().is_some());
    let mox = capabilities(MOX);
    assert_eq!(limits(&mox), [None, Some(1000), None]);
    let release = mox.get::<FutureRelease>().expect("FUTURERELEASE");
    assert_eq!(release.longest, Some(5_184_000));
    assert_eq!(release.latest.map(|time| time.to_string()), Some("2024-12-02T08:56:10Z".into()));
    let dovecot = capabilities(DOVECOT).get::<BurlExtension>().expect("BURL");
    assert!(dovecot.has("imap"));
    let sendmail = capabilities(SENDMAIL);
    assert_eq!(sendmail.get(), Some(DeliverByExtension { shortest: None }));
    assert!(sendmail.get::<VerbExtension>().is_some());
    let exchange = capabilities(EXCHANGE).get::<ExchangeMechanisms>().expect("X-EXPS");
    assert!(exchange.mechanisms().names().eq(["GSSAPI", "NTLM"]));
}
