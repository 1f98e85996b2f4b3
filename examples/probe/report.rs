//! The report: one screen of text, with the verdict in its first line.

use std::fmt::{self, Display};

use smtp::grammar::Capabilities;
use smtp::state::{CertificateFields, Verification};

use crate::args::{Mode, Options};
use crate::look::{Failure, Look, What};
use crate::network::{Dial, Outcome};
use crate::timeline::{Timeline, millis};
use crate::uses;
use crate::verdict::{Finding, Level, findings};

/// The look at a server, and what was found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) target: String,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) look: Look,
    pub(crate) timeline: Timeline,
    /// The worst first.
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn new(options: &Options, look: Look) -> Self {
        let timeline = Timeline::of(&look, options.mode);
        let findings = findings(&look, options, &timeline);
        let (target, name) = (options.target(), options.identity().to_owned());
        Self { target, name, mode: options.mode, look, timeline, findings }
    }

    /// Whether nothing is wrong: there may be warnings.
    pub(crate) fn is_fine(&self) -> bool {
        self.findings.iter().all(|finding| finding.level != Level::Wrong)
    }

    /// The word for the whole, and the text of the first line after it.
    pub(crate) fn verdict(&self) -> (&'static str, String) {
        match self.findings.first() {
            Some(Finding { level: Level::Wrong, text, .. }) => ("wrong", text.clone()),
            Some(Finding { level: Level::Warning, text, .. }) => ("warning", text.clone()),
            None => ("ok", self.praise()),
        }
    }

    fn praise(&self) -> String {
        let facts = &self.look.facts;
        let tls = match &facts.security {
            Some(security) => format!("{}, {}", security.protocol, by(security.verification)),
            None => "no TLS".to_owned(),
        };
        let login = facts.login.as_ref().map(|name| format!(", logged in with {name}"));
        format!("a mail server: {}, {tls}{}", self.mode, login.unwrap_or_default())
    }

    /// The lines of the greeting, escaped.
    pub(crate) fn greeting(&self) -> Vec<&str> {
        let lines = self.look.marks.iter().filter(|mark| mark.what != What::Secured);
        lines
            .map_while(|mark| match &mark.what {
                What::Received(line) => Some(&**line),
                _ => None,
            })
            .collect()
    }

    /// The offers to a client that is about to send mail.
    pub(crate) fn offers(&self) -> Option<&Capabilities> {
        self.look.facts.inside_tls.as_ref().or(self.look.facts.before_tls.as_ref())
    }

    /// The server's own certificate, also where it was not accepted.
    pub(crate) fn certificate(&self) -> Option<CertificateFields> {
        let accepted = self.look.facts.security.as_ref();
        let der = match (accepted, &self.look.failure) {
            (Some(security), _) => security.peer_certificates.leaf(),
            (None, Some(Failure::Error(smtp::Error::Lost(lost)))) => {
                lost.handshake().and_then(smtp::error::HandshakeError::certificate)
            }
            _ => None,
        };
        CertificateFields::from_der(der?)
    }
}

/// By what the server was verified.
pub(crate) fn by(verification: Verification) -> &'static str {
    match verification {
        Verification::Roots => "verified by the given roots",
        Verification::Platform => "verified by this system",
        Verification::Pinned => "the pinned one",
        Verification::Unverified => "not verified",
        _ => "verified",
    }
}

/// The outcome of a connection, in a few words.
fn fate(dial: &Dial) -> String {
    match (&dial.outcome, dial.took()) {
        (Some((_, Outcome::Connected)), Some(took)) => {
            let used = if dial.used { ", used" } else { "" };
            format!("{:.1} ms{used}", millis(took))
        }
        (Some((_, Outcome::Failed(_, text))), Some(took)) => {
            format!("{text}, after {:.1} ms", millis(took))
        }
        _ => "no answer".to_owned(),
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (level, text) = self.verdict();
        writeln!(f, "{}: {}: {text}", level.to_uppercase(), self.target)?;
        for Finding { level, text, .. } in self.findings.iter().skip(1) {
            let level = if *level == Level::Wrong { "wrong" } else { "warning" };
            writeln!(f, "also {level}: {text}")?;
        }
        writeln!(f)?;
        let mut label = "addresses";
        for dial in &self.look.log.dials {
            row(f, std::mem::take(&mut label), &format!("{}  {}", dial.address, fate(dial)))?;
        }
        rows(f, "greeting", self.greeting())?;
        let facts = &self.look.facts;
        let listed = |offers: &Capabilities| uses::lines(offers).join("; ");
        rows(f, "in clear", facts.before_tls.as_ref().map(listed))?;
        rows(f, "inside TLS", facts.inside_tls.as_ref().map(listed))?;
        if let Some(security) = &facts.security {
            let text = format!(
                "{}, {}, {} as {}",
                security.protocol,
                security.cipher_suite,
                by(security.verification),
                self.name
            );
            row(f, "TLS", &text)?;
        }
        if let Some(fields) = self.certificate() {
            row(f, "certificate", &format!("for {}", fields.names.join(", ")))?;
            row(f, "  subject", &fields.subject)?;
            let itself = if fields.is_self_issued { " (itself)" } else { "" };
            row(f, "  issuer", &format!("{}{itself}", fields.issuer))?;
            row(f, "  valid", &format!("{} to {}", fields.not_before, fields.not_after))?;
            row(f, "  key", &fields.public_key)?;
            row(f, "  signature", &fields.signature_algorithm)?;
        }
        if let Some(offers) = self.offers() {
            let mechanisms = uses::mechanisms(offers);
            let none = "none offered".to_owned();
            row(
                f,
                "mechanisms",
                &Some(mechanisms.join(", ")).filter(|m| !m.is_empty()).unwrap_or(none),
            )?;
            let limits = uses::limits(offers).into_iter();
            let limits: Vec<_> = limits.map(|(name, most)| format!("{most} {name}")).collect();
            rows(f, "limits", Some(limits.join(", ")).filter(|limits| !limits.is_empty()))?;
            rows(f, "used of it", uses::of(offers))?;
        }
        let took = millis(self.look.ended - self.look.began);
        row(f, "time", &format!("{took} ms in all"))?;
        write!(f, "{}", self.timeline)
    }
}

/// Each value in a line of its own.
fn rows<T: AsRef<str>>(
    f: &mut fmt::Formatter<'_>,
    mut label: &str,
    values: impl IntoIterator<Item = T>,
) -> fmt::Result {
    for value in values {
        row(f, std::mem::take(&mut label), value.as_ref())?;
    }
    Ok(())
}

fn row(f: &mut fmt::Formatter<'_>, label: &str, value: &str) -> fmt::Result {
    writeln!(f, "{label:<12} {value}")
}
