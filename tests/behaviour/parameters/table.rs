//! The one table of parameters: what each is written as, and what it takes.

use smtp::Mailbox;
use smtp::command::{Mail, Rcpt};
use smtp::extension::{
    AskFeatures, AuthIdentity, DateTime, DeliverBy, EnvelopeId, HoldFor, HoldUntil, IgnoreQuota,
    MayConvert, Notify, NotifyBy, Optional, OriginalRecipient, Priority, RequireTls, Ret,
    Solicitation, Submitter, Tracking, TransactionId, ValidSince, Verp,
};

/// A parameter, and a message that has it.
pub(super) struct Row {
    /// The command that it belongs to.
    pub(super) command: &'static str,
    /// Its keyword.
    pub(super) parameter: &'static str,
    /// The EHLO keyword that allows it.
    pub(super) extension: &'static str,
    /// Where it is defined.
    pub(super) source: &'static str,
    /// The lines of EHLO with which it is sent.
    pub(super) offers: &'static [&'static str],
    /// The parameters of MAIL and RCPT of the message, as they are written.
    pub(super) written: [&'static str; 2],
    pub(super) give: Give,
    /// The same message where the parameter may be left out; none where it must not.
    pub(super) optional: Option<Give>,
    /// It needs a session inside TLS.
    pub(super) tls: bool,
    /// Servers that have taken it, in the tests of real servers: two make it *verified*, one makes
    /// it *seen*, none *dialogue*.
    pub(super) servers: &'static [&'static str],
}

impl Row {
    /// How far the parameter is proved: *verified* by two servers that took it, *seen* by one, or by
    /// a *dialogue* alone.
    fn evidence(&self) -> &'static str {
        match self.servers {
            [] => "dialogue",
            [_] => "seen",
            _ => "verified",
        }
    }
}

/// How MAIL and RCPT get their parameters.
#[derive(Clone, Copy)]
pub(super) struct Give {
    pub(super) mail: fn(Mail) -> Mail,
    pub(super) rcpt: fn(Rcpt) -> Rcpt,
}

pub(super) fn mailbox(text: &str) -> Mailbox {
    text.parse().expect("an address")
}

fn time(text: &str) -> DateTime {
    text.parse().expect("a time")
}

fn tracking() -> Tracking {
    Tracking::new([0xfb; 20]).timeout(86_400).expect("a time")
}

macro_rules! row {
    ($command:ident $parameter:literal, $source:literal, $offer:literal, $written:literal,
     $value:expr $(, $optional:ident)?) => {
        Row {
            command: stringify!($command),
            parameter: $parameter,
            extension: keyword($offer),
            source: $source,
            offers: &[$offer],
            written: row!(@written $command $written),
            give: row!(@give $command $value),
            optional: row!(@optional $command $value $(, $optional)?),
            tls: false,
            servers: &[],
        }
    };
    (@written MAIL $written:literal) => { [$written, ""] };
    (@written RCPT $written:literal) => { ["", $written] };
    (@give MAIL $value:expr) => { Give { mail: |mail| mail.with($value), rcpt: |rcpt| rcpt } };
    (@give RCPT $value:expr) => { Give { mail: |mail| mail, rcpt: |rcpt| rcpt.with($value) } };
    (@optional $command:ident $value:expr) => { None };
    (@optional $command:ident $value:expr, optional) => {
        Some(row!(@give $command Optional($value)))
    };
}

/// The first word of a line of EHLO.
fn keyword(offer: &'static str) -> &'static str {
    offer.split(' ').next().unwrap_or_default()
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = rows_of_one_value();
    rows.push(Row {
        tls: true,
        ..row!(MAIL "REQUIRETLS", "RFC 8689 §4.2.1", "REQUIRETLS", "REQUIRETLS", RequireTls)
    });
    let tracked = "ENVID=17@client.example MTRK=+/v7+/v7+/v7+/v7+/v7+/v7+/s:86400";
    rows.push(Row {
        command: "MAIL",
        parameter: "MTRK",
        extension: "MTRK",
        source: "RFC 3885 §4",
        offers: &["MTRK", "DSN"],
        written: [tracked, "ORCPT=rfc822;you@example.org"],
        give: Give {
            mail: |mail| mail.with(unique_id()).with(tracking()),
            rcpt: |rcpt| rcpt.with(original()),
        },
        optional: Some(Give {
            mail: |mail| mail.with(unique_id()).with(Optional(tracking())),
            rcpt: |rcpt| rcpt.with(original()),
        }),
        tls: false,
        servers: &[],
    });
    rows
}

fn unique_id() -> EnvelopeId {
    EnvelopeId::new("17@client.example").expect("printable")
}

fn original() -> OriginalRecipient {
    OriginalRecipient::new(mailbox("you@example.org"))
}

#[rustfmt::skip]
fn rows_of_one_value() -> Vec<Row> {
    vec![
        row!(MAIL "RET", "RFC 3461 §4.3", "DSN", "RET=HDRS", Ret::Headers, optional),
        row!(MAIL "ENVID", "RFC 3461 §4.4", "DSN", "ENVID=a+2Bb+3Dc+20d",
            EnvelopeId::new("a+b=c d").expect("printable"), optional),
        row!(MAIL "AUTH", "RFC 4954 §5", "AUTH PLAIN", "AUTH=e+3Dmc2@example.com",
            AuthIdentity::new(mailbox("e=mc2@example.com")), optional),
        row!(MAIL "AUTH", "RFC 4954 §5", "AUTH PLAIN", "AUTH=<>", AuthIdentity::UNKNOWN, optional),
        row!(MAIL "BY", "RFC 2852 §4", "DELIVERBY 60", "BY=120;R",
            DeliverBy::seconds(120).expect("a time")),
        row!(MAIL "BY", "RFC 2852 §4", "DELIVERBY 60", "BY=-30;NT",
            NotifyBy::seconds(-30).expect("a time").trace(), optional),
        row!(MAIL "HOLDFOR", "RFC 4865 §5", "FUTURERELEASE 3600 2030-01-01T00:00:00Z",
            "HOLDFOR=3600", HoldFor::seconds(3600).expect("a time")),
        row!(MAIL "HOLDUNTIL", "RFC 4865 §5", "FUTURERELEASE 3600 2030-01-01T00:00:00Z",
            "HOLDUNTIL=2030-01-01T00:00:00Z", HoldUntil::new(time("2030-01-01T01:00:00+01:00"))),
        row!(MAIL "MT-PRIORITY", "RFC 6710 §4", "MT-PRIORITY MIXER", "MT-PRIORITY=-9",
            Priority::new(-9).expect("a priority"), optional),
        row!(MAIL "SOLICIT", "RFC 3865 §2.2", "NO-SOLICITING org.example:ADV",
            "SOLICIT=net.example:ADV,org.example:ADV:ADLT",
            Solicitation::new(["net.example:ADV", "org.example:ADV:ADLT"]).expect("words"),
            optional),
        row!(MAIL "TRANSID", "RFC 1845 §5", "CHECKPOINT", "TRANSID=<17@client.example>",
            TransactionId::new("17@client.example").expect("a name"), optional),
        row!(MAIL "CONPERM", "RFC 4141 §4", "CONPERM", "CONPERM", MayConvert, optional),
        row!(MAIL "SUBMITTER", "RFC 4405 §4", "SUBMITTER", "SUBMITTER=a+2Bb@example.org",
            Submitter::new(mailbox("a+b@example.org")), optional),
        row!(MAIL "XVERP", "Postfix VERP_README", "XVERP", "XVERP", Verp::new(), optional),
        row!(MAIL "XVERP", "Postfix VERP_README", "XVERP", "XVERP=+=",
            Verp::with_delimiters('+', '=').expect("delimiters"), optional),
        row!(RCPT "NOTIFY", "RFC 3461 §4.1", "DSN", "NOTIFY=SUCCESS,DELAY",
            Notify::DELAY.and(Notify::SUCCESS), optional),
        row!(RCPT "ORCPT", "RFC 3461 §4.2", "DSN", "ORCPT=rfc822;a+2Bb@example.org",
            OriginalRecipient::new(mailbox("a+b@example.org")), optional),
        row!(RCPT "ORCPT", "RFC 6533 §3", "DSN", r"ORCPT=utf-8;\x{7528}@example.org",
            OriginalRecipient::new(mailbox("\u{7528}@example.org")), optional),
        row!(RCPT "RRVS", "RFC 7293 §3.1", "RRVS", "RRVS=2026-01-31T12:00:00Z;C",
            ValidSince::new(time("2026-01-31T12:00:00Z")).or_continue(), optional),
        row!(RCPT "CONNEG", "RFC 4141 §5", "CONNEG", "CONNEG", AskFeatures, optional),
        row!(RCPT "IGNOREQUOTA", "Cyrus, Dovecot", "IGNOREQUOTA", "IGNOREQUOTA", IgnoreQuota,
            optional),
    ]
}

/// Each parameter that the library has a type for has a row, and each row a source.
#[test]
fn the_table_is_complete() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../smtp/src/extension");
    let mut found = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the extensions") {
        let source = std::fs::read_to_string(entry.expect("an entry").path()).expect("a source");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["Parameter::new(\"", "Parameter::flag(\"", " parameter(\"", "hold(\""] {
            let keywords = code.split(call).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(keywords.map(str::to_owned));
        }
    }
    assert!(found.len() >= 18, "{found:?}");
    let rows = rows();
    let listed: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row.parameter.to_owned()).collect();
    assert_eq!(listed, found);
    for row in rows {
        assert!(!row.source.is_empty() && row.evidence() == "dialogue", "{}", row.parameter);
        let [mail, rcpt] = row.written;
        let own = if row.command == "MAIL" { mail } else { rcpt };
        assert!(own.split(' ').any(|word| word.split('=').next() == Some(row.parameter)));
    }
}
