//! The parameters of MAIL and RCPT: what each is written as, and what it takes.

use smtp::Mailbox;
use smtp::command::{Mail, Rcpt};
use smtp::extension::{
    AskFeatures, AuthIdentity, BodyKind, DateTime, DeliverBy, EnvelopeId, HoldFor, HoldUntil,
    IgnoreQuota, MayConvert, Notify, NotifyBy, Optional, OriginalRecipient, Prdr, Priority,
    RequireTls, Ret, SmtpUtf8, Solicitation, Submitter, Tracking, TransactionId, ValidSince, Verp,
};

use super::witness::Witness::{self, Aiosmtpd, Dovecot, Exim, Postfix, SmtpServer};

/// A parameter, and a message that has it.
#[derive(Debug)]
pub struct ParameterRow {
    /// The command that it belongs to.
    pub command: &'static str,
    /// Its keyword.
    pub parameter: &'static str,
    /// The type of its value, or the call that gives it, below `smtp`.
    pub from: &'static str,
    /// The EHLO keyword that allows it.
    pub extension: &'static str,
    /// Where it is defined.
    pub source: &'static str,
    /// The lines of EHLO with which it is sent.
    pub offers: &'static [&'static str],
    /// The parameters of MAIL and RCPT of the message, as they are written.
    pub written: [&'static str; 2],
    /// The message.
    pub give: Give,
    /// The same message where the parameter may be left out; none where it must not.
    pub optional: Option<Give>,
    /// It needs a session inside TLS.
    pub tls: bool,
    /// It says how the message is sent, and so a delivery gives it by itself.
    pub content: Option<Content>,
    /// The servers that have taken it.
    pub servers: &'static [Witness],
}

/// The content that a parameter declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text in lines.
    Lines,
    /// Any bytes. It is sent in chunks alone.
    Binary,
}

/// How MAIL and RCPT get their parameters.
#[derive(Clone, Copy, Debug)]
pub struct Give {
    /// Gives MAIL what it has.
    pub mail: fn(Mail) -> Mail,
    /// Gives RCPT what it has.
    pub rcpt: fn(Rcpt) -> Rcpt,
}

impl ParameterRow {
    /// The parameter itself, as it is written.
    ///
    /// # Panics
    ///
    /// Where the row does not have it.
    pub fn own(&self) -> &'static str {
        let [mail, rcpt] = self.written;
        let own = if self.command == "MAIL" { mail } else { rcpt };
        let mut words = own.split(' ');
        words.find(|word| word.split('=').next() == Some(self.parameter)).expect("its own")
    }
}

/// The address in this text.
///
/// # Panics
///
/// Where it is none.
pub fn mailbox(text: &str) -> Mailbox {
    text.parse().expect("an address")
}

fn time(text: &str) -> DateTime {
    text.parse().expect("a time")
}

fn tracking() -> Tracking {
    Tracking::new([0xfb; 20]).timeout(86_400).expect("a time")
}

macro_rules! row {
    ($command:ident $parameter:literal $from:literal, $source:literal, $offer:literal,
     $written:literal, $value:expr $(, $optional:ident)?; $servers:expr) => {
        ParameterRow {
            command: stringify!($command),
            parameter: $parameter,
            from: $from,
            extension: keyword($offer),
            source: $source,
            offers: &[$offer],
            written: row!(@written $command $written),
            give: row!(@give $command $value),
            optional: row!(@optional $command $value $(, $optional)?),
            tls: false,
            content: None,
            servers: $servers,
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

/// Every parameter, in the order of the chapter.
pub fn parameters() -> Vec<ParameterRow> {
    let mut rows = of_content();
    rows.extend(of_one_value());
    rows.push(ParameterRow {
        tls: true,
        ..row!(MAIL "REQUIRETLS" "extension::RequireTls", "RFC 8689 §4.2.1", "REQUIRETLS",
            "REQUIRETLS", RequireTls; &[SmtpServer])
    });
    let tracked = "ENVID=17@client.example MTRK=+/v7+/v7+/v7+/v7+/v7+/v7+/s:86400";
    rows.push(ParameterRow {
        command: "MAIL",
        parameter: "MTRK",
        from: "extension::Tracking",
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
        content: None,
        servers: &[],
    });
    rows
}

/// Those that say which content follows.
fn of_content() -> Vec<ParameterRow> {
    let row = ParameterRow {
        command: "MAIL",
        parameter: "SIZE",
        from: "command::Mail::size",
        extension: "SIZE",
        source: "RFC 1870 §3",
        offers: &["SIZE 1000"],
        written: ["SIZE=3", ""],
        give: Give { mail: |mail| mail.size(3), rcpt: |rcpt| rcpt },
        optional: None,
        tls: false,
        content: Some(Content::Lines),
        servers: &[Postfix, Exim, Dovecot, SmtpServer, Aiosmtpd],
    };
    vec![
        ParameterRow {
            parameter: "BODY",
            from: "command::Mail::body",
            extension: "8BITMIME",
            source: "RFC 6152 §3",
            offers: &["8BITMIME"],
            written: ["BODY=8BITMIME", ""],
            give: Give { mail: |mail| mail.body(BodyKind::EightBitMime), ..row.give },
            ..row
        },
        ParameterRow {
            parameter: "BODY",
            from: "command::Mail::body",
            extension: "BINARYMIME",
            source: "RFC 3030 §3",
            offers: &["BINARYMIME", "CHUNKING"],
            written: ["BODY=BINARYMIME", ""],
            give: Give { mail: |mail| mail.body(BodyKind::BinaryMime), ..row.give },
            content: Some(Content::Binary),
            servers: &[],
            ..row
        },
        ParameterRow {
            parameter: "SMTPUTF8",
            from: "extension::SmtpUtf8",
            extension: "SMTPUTF8",
            source: "RFC 6531 §3.4",
            offers: &["SMTPUTF8", "8BITMIME"],
            written: ["SMTPUTF8", ""],
            give: Give { mail: |mail| mail.with(SmtpUtf8), ..row.give },
            servers: &[Postfix, Exim, SmtpServer, Aiosmtpd],
            ..row
        },
        row,
    ]
}

fn unique_id() -> EnvelopeId {
    EnvelopeId::new("17@client.example").expect("printable")
}

fn original() -> OriginalRecipient {
    OriginalRecipient::new(mailbox("you@example.org"))
}

#[rustfmt::skip]
fn of_one_value() -> Vec<ParameterRow> {
    vec![
        row!(MAIL "RET" "extension::Ret", "RFC 3461 §4.3", "DSN", "RET=HDRS", Ret::Headers,
            optional; &[Postfix, Exim, SmtpServer]),
        row!(MAIL "ENVID" "extension::EnvelopeId", "RFC 3461 §4.4", "DSN", "ENVID=a+2Bb+3Dc+20d",
            EnvelopeId::new("a+b=c d").expect("printable"), optional; &[Postfix, Exim, SmtpServer]),
        row!(MAIL "AUTH" "extension::AuthIdentity", "RFC 4954 §5", "AUTH PLAIN",
            "AUTH=e+3Dmc2@example.com", AuthIdentity::new(mailbox("e=mc2@example.com")), optional;
            &[Postfix, Exim, Dovecot]),
        row!(MAIL "AUTH" "extension::AuthIdentity", "RFC 4954 §5", "AUTH PLAIN", "AUTH=<>",
            AuthIdentity::UNKNOWN, optional; &[Postfix, Exim, Dovecot]),
        row!(MAIL "BY" "extension::DeliverBy", "RFC 2852 §4", "DELIVERBY 60", "BY=120;R",
            DeliverBy::seconds(120).expect("a time"); &[]),
        row!(MAIL "BY" "extension::NotifyBy", "RFC 2852 §4", "DELIVERBY 60", "BY=-30;NT",
            NotifyBy::seconds(-30).expect("a time").trace(), optional; &[]),
        row!(MAIL "HOLDFOR" "extension::HoldFor", "RFC 4865 §5",
            "FUTURERELEASE 3600 2030-01-01T00:00:00Z", "HOLDFOR=3600",
            HoldFor::seconds(3600).expect("a time"); &[]),
        row!(MAIL "HOLDUNTIL" "extension::HoldUntil", "RFC 4865 §5",
            "FUTURERELEASE 3600 2030-01-01T00:00:00Z", "HOLDUNTIL=2030-01-01T00:00:00Z",
            HoldUntil::new(time("2030-01-01T01:00:00+01:00")); &[]),
        row!(MAIL "MT-PRIORITY" "extension::Priority", "RFC 6710 §4", "MT-PRIORITY MIXER",
            "MT-PRIORITY=-9", Priority::new(-9).expect("a priority"), optional; &[]),
        row!(MAIL "SOLICIT" "extension::Solicitation", "RFC 3865 §2.2",
            "NO-SOLICITING org.example:ADV", "SOLICIT=net.example:ADV,org.example:ADV:ADLT",
            Solicitation::new(["net.example:ADV", "org.example:ADV:ADLT"]).expect("words"),
            optional; &[]),
        row!(MAIL "TRANSID" "extension::TransactionId", "RFC 1845 §5", "CHECKPOINT",
            "TRANSID=<17@client.example>", TransactionId::new("17@client.example").expect("a name"),
            optional; &[]),
        row!(MAIL "CONPERM" "extension::MayConvert", "RFC 4141 §4", "CONPERM", "CONPERM",
            MayConvert, optional; &[]),
        row!(MAIL "SUBMITTER" "extension::Submitter", "RFC 4405 §4", "SUBMITTER",
            "SUBMITTER=a+2Bb@example.org", Submitter::new(mailbox("a+b@example.org")), optional;
            &[]),
        row!(MAIL "XVERP" "extension::Verp", "Postfix `VERP_README`", "XVERP", "XVERP", Verp::new(),
            optional; &[Postfix]),
        row!(MAIL "XVERP" "extension::Verp", "Postfix `VERP_README`", "XVERP", "XVERP=+=",
            Verp::with_delimiters('+', '=').expect("delimiters"), optional; &[Postfix]),
        row!(MAIL "PRDR" "extension::Prdr", "draft-hall-prdr", "PRDR", "PRDR", Prdr; &[Exim]),
        row!(RCPT "NOTIFY" "extension::Notify", "RFC 3461 §4.1", "DSN", "NOTIFY=SUCCESS,DELAY",
            Notify::DELAY.and(Notify::SUCCESS), optional; &[Postfix, Exim, SmtpServer]),
        row!(RCPT "ORCPT" "extension::OriginalRecipient", "RFC 3461 §4.2", "DSN",
            "ORCPT=rfc822;a+2Bb@example.org", OriginalRecipient::new(mailbox("a+b@example.org")),
            optional; &[Postfix, Exim, SmtpServer]),
        row!(RCPT "ORCPT" "extension::OriginalRecipient", "RFC 6533 §3", "DSN",
            r"ORCPT=utf-8;\x{7528}@example.org",
            OriginalRecipient::new(mailbox("\u{7528}@example.org")), optional;
            &[Postfix, Exim, SmtpServer]),
        row!(RCPT "RRVS" "extension::ValidSince", "RFC 7293 §3.1", "RRVS",
            "RRVS=2026-01-31T12:00:00Z;C",
            ValidSince::new(time("2026-01-31T12:00:00Z")).or_continue(), optional; &[]),
        row!(RCPT "CONNEG" "extension::AskFeatures", "RFC 4141 §5", "CONNEG", "CONNEG", AskFeatures,
            optional; &[]),
        row!(RCPT "IGNOREQUOTA" "extension::IgnoreQuota", "Cyrus, Dovecot", "IGNOREQUOTA",
            "IGNOREQUOTA", IgnoreQuota, optional; &[]),
    ]
}
