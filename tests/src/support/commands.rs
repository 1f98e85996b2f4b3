//! The commands: the lines that each is written as, and the replies that its document names.

use std::net::{IpAddr, Ipv4Addr};

use smtp::command::{
    Atrn, Auth, Bdat, Burl, BurlLast, Data, Ehlo, Etrn, Expn, Helo, Help, Lhlo, Mail, Noop, Quit,
    Rcpt, Rset, StartTls, Vrfy, WellKnown, XClient, XForward, encode,
};
use smtp::error::EncodeError;
use smtp::grammar::{Capabilities, Domain, ForwardPath, Host, ReversePath, SmtpString};

use super::witness::Witness::{self, Aiosmtpd, Dovecot, Exim, Postfix, SmtpServer};

/// A command.
#[derive(Debug)]
pub struct CommandRow {
    /// Its verb.
    pub verb: &'static str,
    /// Its types, below `smtp::command`.
    pub from: &'static [&'static str],
    /// Where it is defined.
    pub source: &'static str,
    /// The EHLO keyword that lists it.
    pub keyword: Option<&'static str>,
    /// Whether it is not sent to a server that does not list that keyword.
    pub is_required: bool,
    /// The lines of EHLO with which it is sent.
    pub offers: &'static [&'static str],
    /// Its forms, as they are written.
    pub lines: &'static [(&'static str, Encode)],
    /// The codes with which it succeeds, and a part of what its reply is read as.
    pub accepted: &'static [(u16, &'static str)],
    /// The codes with which it fails, and the session goes on.
    pub refused: &'static [u16],
    /// The servers that have taken it.
    pub servers: &'static [Witness],
}

/// Writes a command for a server with these capabilities.
pub(super) type Encode = fn(&Capabilities) -> Result<Vec<u8>, EncodeError>;

macro_rules! lines {
    ($($written:literal: $command:expr),* $(,)?) => {
        &[$(($written, |capabilities| encode(&$command, capabilities))),*]
    };
}

const ALL: &[Witness] = &[Postfix, Exim, Dovecot, SmtpServer, Aiosmtpd];

/// Most commands: always there, and answered with 250.
const PLAIN: CommandRow = CommandRow {
    verb: "NOOP",
    from: &["Noop"],
    source: "RFC 5321 §4.1.1.9",
    keyword: None,
    is_required: false,
    offers: &[],
    lines: lines!["NOOP": Noop],
    accepted: &[(250, "250")],
    refused: &[500],
    servers: ALL,
};

/// Every command, in the order of a session.
pub fn commands() -> Vec<CommandRow> {
    let of_sessions = of_sessions().into_iter().chain(of_messages());
    of_sessions.chain(of_questions()).chain(of_relays()).collect()
}

fn of_sessions() -> [CommandRow; 8] {
    [
        CommandRow {
            verb: "EHLO",
            from: &["Ehlo"],
            source: "RFC 5321 §4.1.1.1",
            lines: lines![
                "EHLO client.example": Ehlo::new(domain("client.example")),
                "EHLO [192.0.2.1]": Ehlo::new("[192.0.2.1]".parse::<Host>().expect("a literal")),
            ],
            refused: &[550, 554],
            ..PLAIN
        },
        CommandRow {
            verb: "HELO",
            from: &["Helo"],
            source: "RFC 5321 §4.1.1.1",
            lines: lines!["HELO client.example": Helo::new(domain("client.example"))],
            refused: &[500, 501, 502, 503, 504, 550],
            servers: &[Postfix, SmtpServer],
            ..PLAIN
        },
        CommandRow {
            verb: "LHLO",
            from: &["Lhlo"],
            source: "RFC 2033 §4.1",
            lines: lines!["LHLO client.example": Lhlo::new(domain("client.example"))],
            servers: &[Dovecot, SmtpServer, Aiosmtpd],
            ..PLAIN
        },
        CommandRow {
            verb: "STARTTLS",
            from: &["StartTls"],
            source: "RFC 3207 §4",
            keyword: Some("STARTTLS"),
            is_required: true,
            offers: &["STARTTLS"],
            lines: lines!["STARTTLS": StartTls],
            accepted: &[(220, "")],
            refused: &[454, 500, 501, 502, 503, 554],
            servers: ALL,
        },
        CommandRow {
            verb: "AUTH",
            from: &["Auth"],
            source: "RFC 4954 §4",
            keyword: Some("AUTH"),
            is_required: true,
            offers: &["AUTH PLAIN"],
            lines: lines![
                "AUTH LOGIN": Auth::new("LOGIN", None),
                "AUTH EXTERNAL =": Auth::new("EXTERNAL", Some("".into())),
                "AUTH PLAIN AG1lAHBlbmNpbA==": Auth::new("PLAIN", Some("\0me\0pencil".into())),
            ],
            accepted: &[(235, "")],
            refused: &[432, 454, 500, 501, 503, 504, 530, 534, 535, 538],
            servers: ALL,
        },
        CommandRow {
            verb: "RSET",
            from: &["Rset"],
            source: "RFC 5321 §4.1.1.5",
            lines: lines!["RSET": Rset],
            refused: &[],
            ..PLAIN
        },
        PLAIN,
        CommandRow {
            verb: "QUIT",
            from: &["Quit"],
            source: "RFC 5321 §4.1.1.10",
            lines: lines!["QUIT": Quit],
            accepted: &[(221, "221")],
            refused: &[],
            ..PLAIN
        },
    ]
}

fn of_messages() -> [CommandRow; 5] {
    [
        CommandRow {
            verb: "MAIL",
            from: &["Mail"],
            source: "RFC 5321 §4.1.1.2",
            lines: lines![
                "MAIL FROM:<>": Mail::from(ReversePath::Null),
                "MAIL FROM:<me@example.test>": Mail::from(super::mailbox("me@example.test")),
            ],
            accepted: &[(250, "")],
            refused: &[450, 451, 452, 455, 501, 530, 550, 552, 553, 555],
            ..PLAIN
        },
        CommandRow {
            verb: "RCPT",
            from: &["Rcpt"],
            source: "RFC 5321 §4.1.1.3",
            lines: lines![
                "RCPT TO:<Postmaster>": Rcpt::to(ForwardPath::Postmaster),
                "RCPT TO:<you@example.test>": Rcpt::to(super::mailbox("you@example.test")),
            ],
            accepted: &[(250, "250"), (251, "251")],
            refused: &[450, 451, 452, 455, 501, 550, 551, 552, 553, 555, 556],
            ..PLAIN
        },
        CommandRow {
            verb: "DATA",
            from: &["Data"],
            source: "RFC 5321 §4.1.1.4",
            lines: lines!["DATA": Data],
            accepted: &[(354, "")],
            refused: &[450, 451, 452, 530, 550, 554],
            ..PLAIN
        },
        CommandRow {
            verb: "BDAT",
            from: &["Bdat"],
            source: "RFC 3030 §2",
            keyword: Some("CHUNKING"),
            is_required: true,
            offers: &["CHUNKING"],
            lines: lines![
                "BDAT 17": Bdat::chunk(17),
                "BDAT 0 LAST": Bdat::last(0),
                "BDAT 3 LAST": Bdat::last(3),
            ],
            accepted: &[(250, "")],
            refused: &[450, 451, 452, 550, 552, 554],
            servers: &[Postfix, Exim, Dovecot],
        },
        CommandRow {
            verb: "BURL",
            from: &["Burl", "BurlLast"],
            source: "RFC 4468 §3",
            keyword: Some("BURL"),
            is_required: true,
            offers: &["BURL imap"],
            lines: lines![
                "BURL imap://a/2 LAST": BurlLast::new("imap://a/2"),
                "BURL imap://a/1": Burl::new("imap://a/1"),
            ],
            accepted: &[(250, "250")],
            refused: &[451, 552, 554],
            servers: &[Dovecot],
        },
    ]
}

fn of_questions() -> [CommandRow; 4] {
    [
        CommandRow {
            verb: "VRFY",
            from: &["Vrfy"],
            source: "RFC 5321 §4.1.1.6",
            keyword: Some("VRFY"),
            offers: &["VRFY", "SMTPUTF8"],
            lines: lines![
                "VRFY \"ada l\"": Vrfy::new(string("ada l")),
                "VRFY \u{e4} SMTPUTF8": Vrfy::new(string("\u{e4}")).smtputf8(),
                "VRFY ada": Vrfy::new(string("ada")),
            ],
            accepted: &[(250, "Exists"), (251, "Forwarded"), (252, "Unverified")],
            refused: &[502, 504, 550, 551, 553],
            servers: &[Postfix, Exim],
            ..PLAIN
        },
        CommandRow {
            verb: "EXPN",
            from: &["Expn"],
            source: "RFC 5321 §4.1.1.7",
            keyword: Some("EXPN"),
            is_required: true,
            offers: &["EXPN", "SMTPUTF8"],
            lines: lines![
                "EXPN staff SMTPUTF8": Expn::new(string("staff")).smtputf8(),
                "EXPN staff": Expn::new(string("staff")),
            ],
            accepted: &[(250, "Expanded"), (252, "Unverified")],
            refused: &[500, 502, 504, 550],
            servers: &[Exim],
        },
        CommandRow {
            verb: "HELP",
            from: &["Help"],
            source: "RFC 5321 §4.1.1.8",
            keyword: Some("HELP"),
            offers: &["HELP"],
            lines: lines![
                "HELP": Help::new(),
                "HELP MAIL": Help::new().on(string("MAIL")),
            ],
            accepted: &[(211, "211"), (214, "214")],
            refused: &[502, 504],
            servers: &[Exim, Aiosmtpd],
            ..PLAIN
        },
        CommandRow {
            verb: "WELLKNOWN",
            from: &["WellKnown"],
            source: "Exim",
            keyword: Some("WELLKNOWN"),
            is_required: true,
            offers: &["WELLKNOWN"],
            lines: lines!["WELLKNOWN a+20b+2Bc": WellKnown::new("a b+c")],
            accepted: &[(250, "Document")],
            refused: &[450, 550],
            servers: &[],
        },
    ]
}

fn of_relays() -> [CommandRow; 4] {
    [
        CommandRow {
            verb: "ETRN",
            from: &["Etrn"],
            source: "RFC 1985 §5",
            keyword: Some("ETRN"),
            is_required: true,
            offers: &["ETRN"],
            lines: lines![
                "ETRN @a.example": Etrn::Subdomains(domain("a.example")),
                "ETRN #slow": Etrn::Queue("slow".to_owned()),
                "ETRN a.example": Etrn::Host(domain("a.example")),
            ],
            accepted: &[(250, "Started"), (251, "Empty"), (252, "Pending"), (253, "Counted")],
            refused: &[458, 459, 500, 501],
            servers: &[Postfix, Exim],
        },
        CommandRow {
            verb: "ATRN",
            from: &["Atrn"],
            source: "RFC 2645 §5",
            keyword: Some("ATRN"),
            is_required: true,
            offers: &["ATRN"],
            lines: lines![
                "ATRN": Atrn::default(),
                "ATRN a.example,b.example": Atrn::new([domain("a.example"), domain("b.example")]),
            ],
            accepted: &[(250, "250")],
            refused: &[450, 451, 453, 502, 530],
            servers: &[],
        },
        CommandRow {
            verb: "XCLIENT",
            from: &["XClient"],
            source: "Postfix `XCLIENT_README`",
            keyword: Some("XCLIENT"),
            is_required: true,
            offers: &["XCLIENT NAME ADDR"],
            lines: lines!["XCLIENT NAME=a+2Bb ADDR=192.0.2.7": XClient::new().name("a+b").address(ADDRESS)],
            accepted: &[(220, "220")],
            refused: &[501, 503, 550],
            servers: &[Postfix, Dovecot, SmtpServer],
        },
        CommandRow {
            verb: "XFORWARD",
            from: &["XForward"],
            source: "Postfix `XFORWARD_README`",
            keyword: Some("XFORWARD"),
            is_required: true,
            offers: &["XFORWARD NAME ADDR"],
            lines: lines!["XFORWARD NAME=a+2Bb ADDR=192.0.2.7": XForward::new().name("a+b").address(ADDRESS)],
            accepted: &[(250, "250")],
            refused: &[501, 503, 550],
            servers: &[Postfix, SmtpServer],
        },
    ]
}

/// An address for documentation.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

fn domain(name: &str) -> Domain {
    name.parse().expect("a domain")
}

fn string(text: &str) -> SmtpString {
    text.parse().expect("a string")
}
