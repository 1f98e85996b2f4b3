//! The keywords of EHLO that the library has a type for.

use super::commands::commands;
use super::parameters::parameters;
use super::witness::Witness::{self, Dovecot, Exim, EximWithLimits, Postfix, SmtpServer};

/// An EHLO keyword.
#[derive(Debug)]
pub struct KeywordRow {
    /// The keyword itself.
    pub keyword: &'static str,
    /// Its type, below `smtp::extension`.
    pub from: &'static str,
    /// Where it is defined.
    pub source: &'static str,
    /// Servers that list it for no command and no parameter of this table, and keep to it.
    of_its_own: &'static [Witness],
}

impl KeywordRow {
    /// The commands and parameters that it brings.
    pub fn brings(&self) -> Vec<String> {
        let commands = commands().into_iter().filter(|row| row.keyword == Some(self.keyword));
        let parameters = parameters().into_iter().filter(|row| row.extension == self.keyword);
        let mut names: Vec<String> = commands.map(|row| row.verb.to_owned()).collect();
        for row in parameters {
            let name = match row.parameter {
                "BODY" => row.own(),
                name => name,
            };
            if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The servers that list it and took what it brings.
    pub fn servers(&self) -> Vec<Witness> {
        let mut servers = self.of_its_own.to_vec();
        for row in commands().iter().filter(|row| row.keyword == Some(self.keyword)) {
            servers.extend(row.servers);
        }
        for row in parameters().iter().filter(|row| row.extension == self.keyword) {
            servers.extend(row.servers);
        }
        servers
    }

    /// The servers that list it for nothing else of this table.
    pub fn of_its_own(&self) -> &'static [Witness] {
        self.of_its_own
    }
}

/// Every keyword: those that IANA lists, and then those of servers in use.
#[rustfmt::skip]
pub fn keywords() -> Vec<KeywordRow> {
    let row = |keyword, from, source, of_its_own| KeywordRow { keyword, from, source, of_its_own };
    vec![
        row("8BITMIME", "EightBitMime", "RFC 6152", &[]),
        row("PIPELINING", "Pipelining", "RFC 2920", &[Postfix, Exim, Dovecot, SmtpServer]),
        row("SIZE", "Size", "RFC 1870", &[]),
        row("STARTTLS", "StartTlsExtension", "RFC 3207", &[]),
        row("AUTH", "AuthMechanisms", "RFC 4954", &[]),
        row("ENHANCEDSTATUSCODES", "EnhancedStatusCodes", "RFC 2034",
            &[Postfix, Dovecot, SmtpServer]),
        row("DSN", "Dsn", "RFC 3461", &[]),
        row("SMTPUTF8", "SmtpUtf8", "RFC 6531", &[]),
        row("CHUNKING", "Chunking", "RFC 3030", &[]),
        row("BINARYMIME", "BinaryMimeExtension", "RFC 3030", &[]),
        row("DELIVERBY", "DeliverByExtension", "RFC 2852", &[]),
        row("FUTURERELEASE", "FutureRelease", "RFC 4865", &[]),
        row("MT-PRIORITY", "MtPriority", "RFC 6710", &[]),
        row("REQUIRETLS", "RequireTlsExtension", "RFC 8689", &[]),
        row("LIMITS", "ServerLimits", "RFC 9422", &[EximWithLimits]),
        row("ETRN", "EtrnExtension", "RFC 1985", &[]),
        row("ATRN", "AtrnExtension", "RFC 2645", &[]),
        row("VRFY", "VrfyExtension", "RFC 5321", &[]),
        row("EXPN", "ExpnExtension", "RFC 5321", &[]),
        row("HELP", "HelpExtension", "RFC 5321", &[]),
        row("BURL", "BurlExtension", "RFC 4468", &[]),
        row("RRVS", "RecipientValidSince", "RFC 7293", &[]),
        row("MTRK", "MessageTracking", "RFC 3885", &[]),
        row("NO-SOLICITING", "NoSoliciting", "RFC 3865", &[]),
        row("CHECKPOINT", "Checkpoint", "RFC 1845", &[]),
        row("CONPERM", "ConversionPermission", "RFC 4141", &[]),
        row("CONNEG", "ContentNegotiation", "RFC 4141", &[]),
        row("SUBMITTER", "SubmitterExtension", "RFC 4405", &[]),
        row("UTF8SMTP", "Utf8Smtp", "RFC 5336", &[]),
        row("SEND", "SendExtension", "RFC 821", &[]),
        row("SOML", "SomlExtension", "RFC 821", &[]),
        row("SAML", "SamlExtension", "RFC 821", &[]),
        row("TURN", "TurnExtension", "RFC 821", &[]),
        row("VERB", "VerbExtension", "sendmail", &[]),
        row("ONEX", "OnexExtension", "sendmail", &[]),
        row("XCLIENT", "XClientExtension", "Postfix `XCLIENT_README`", &[]),
        row("XFORWARD", "XForwardExtension", "Postfix `XFORWARD_README`", &[]),
        row("XVERP", "XVerpExtension", "Postfix `VERP_README`", &[]),
        row("PIPECONNECT", "PipeConnect", "Exim", &[Exim]),
        row("PRDR", "Prdr", "draft-hall-prdr", &[]),
        row("WELLKNOWN", "WellKnownExtension", "Exim", &[]),
        row("IGNOREQUOTA", "IgnoreQuotaExtension", "Cyrus, Dovecot", &[]),
        row("XRCPTFORWARD", "XRcptForward", "Dovecot", &[Dovecot]),
        row("X-EXPS", "ExchangeMechanisms", "Exchange", &[]),
        row("X-RCPTLIMIT", "XRcptLimit", "servers in use", &[]),
    ]
}
