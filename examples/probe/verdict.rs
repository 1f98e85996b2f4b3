//! The verdict: what is wrong with a server, or with the way in which it is spoken to.

use std::io::ErrorKind;
use std::net::SocketAddr;

use smtp::error::{Fault, HandshakeError, HandshakeErrorKind as Kind};
use smtp::extension::AuthMechanisms;
use smtp::state::CertificateFields;
use smtp::{Error, Lost, Refusal};

use crate::args::{Mode, Options};
use crate::look::{Failure, Look, Second};
use crate::network::Dial;
use crate::timeline::{Timeline, millis};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// A word for programs.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Mail is not taken this way.
    Wrong,
    /// Mail is taken, and something should be mended.
    Warning,
}

fn wrong(kind: &'static str, text: impl Into<String>) -> Finding {
    Finding { level: Level::Wrong, kind, text: text.into() }
}

fn warning(kind: &'static str, text: impl Into<String>) -> Finding {
    Finding { level: Level::Warning, kind, text: text.into() }
}

const IMPLICIT: &str = "wrong TLS mode: the server speaks TLS from the first byte at this port, \
                        and does not greet in clear: use --implicit";
const WEB: &str = "a web server answers at this port: use a port of a mail server (587, or 465 \
                   with --implicit)";

/// Everything that was found, the worst first.
pub(crate) fn findings(look: &Look, options: &Options, timeline: &Timeline) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(match (look.second, &look.failure) {
        (Some(Second::WebServer), _) => Some(wrong("web_server", WEB)),
        (Some(Second::Smtp), _) => Some(wrong("implicit_tls_needed", IMPLICIT)),
        (Some(Second::Tls), _) => Some(wrong(
            "not_smtp",
            "wrong port: the server speaks TLS from the first byte at this port, and no SMTP in \
             it, as a web server does: use 587, or 465 with --implicit",
        )),
        (None, Some(Failure::Error(error))) => Some(of_error(error, look, timeline)),
        (None, Some(Failure::OutOfTime)) => Some(of_time(look, timeline, None)),
        (None, None) => None,
    });
    findings.extend(login(look, options));
    findings.extend(families(look));
    findings.sort_by_key(|finding| finding.level);
    findings
}

/// AUTH before TLS: what the options ask for, or what the server invites clients to do.
fn login(look: &Look, options: &Options) -> Option<Finding> {
    let before = look.facts.before_tls.as_ref()?;
    let offered: Option<AuthMechanisms> = before.get();
    let revealing: Vec<&str> = ["PLAIN", "LOGIN"]
        .into_iter()
        .filter(|name| offered.as_ref().is_some_and(|offered| offered.has(name)))
        .collect();
    let names = revealing.join(" and ");
    match (options.mode, &options.user, &offered) {
        (Mode::Plain, Some(_), None) => Some(wrong(
            "auth_before_tls",
            "AUTH before TLS: the server offers no AUTH in clear, and may offer it inside TLS: \
             leave out --plain",
        )),
        (Mode::Plain, Some(_), Some(_)) => Some(wrong(
            "auth_before_tls",
            "AUTH before TLS: everyone on the way could read the password, and it was not sent: \
             leave out --plain",
        )),
        _ if revealing.is_empty() => None,
        _ => Some(warning(
            "auth_before_tls",
            format!(
                "AUTH before TLS: the server offers {names} in clear, so that a client without TLS \
                 shows its password: have AUTH offered inside TLS alone"
            ),
        )),
    }
}

/// A family of addresses that does not answer, while the other does; or one address.
fn families(look: &Look) -> Option<Finding> {
    let dials = &look.log.dials;
    let used = look.log.used()?;
    let why = |dial: &Dial| dial.failure().map_or("no answer", |(_, text)| text).to_owned();
    for (v6, name, other) in [(true, "IPv6", "IPv4"), (false, "IPv4", "IPv6")] {
        let mut family = dials.iter().filter(|dial| dial.address.is_ipv6() == v6);
        let Some(first) = family.next() else { continue };
        let lives = dials.iter().any(|dial| dial.address.is_ipv6() != v6 && dial.is_connected());
        if !lives || !first.is_dead(look.ended) || !family.all(|dial| dial.is_dead(look.ended)) {
            continue;
        }
        let cost = millis(used.began.saturating_duration_since(first.began));
        let kind = if v6 { "ipv6_dead" } else { "ipv4_dead" };
        let text = format!(
            "{name} is dead: {}: {}; {other} works, {cost} ms later: mend it, or take the address \
             out of the DNS",
            first.address,
            why(first)
        );
        return Some(warning(kind, text));
    }
    let dead = dials.iter().find(|dial| dial.is_dead(look.ended))?;
    Some(warning("address_dead", format!("the address {} is dead: {}", dead.address, why(dead))))
}

fn of_error(error: &Error, look: &Look, timeline: &Timeline) -> Finding {
    match error {
        Error::Lost(lost) => of_lost(lost, look, timeline),
        Error::Refused(refusal) => of_refusal(refusal),
        other => wrong("other", other.to_string()),
    }
}

fn of_lost(lost: &Lost, look: &Look, timeline: &Timeline) -> Finding {
    match lost.fault() {
        _ if lost.is_of_web_server() => wrong("web_server", WEB),
        Fault::InvalidHost(_) => wrong("invalid_host", lost.to_string()),
        Fault::Unresolved(_) => wrong("unresolved", lost.to_string()),
        Fault::Local(_) | Fault::NoRuntime | Fault::NoTimer(_) => {
            wrong("this_machine", format!("this machine cannot connect: {lost}"))
        }
        Fault::Unreachable(_) => unreachable(look, lost),
        Fault::ImplicitTls => wrong("implicit_tls_needed", IMPLICIT),
        Fault::Handshake(error) => of_handshake(error, lost),
        Fault::TimedOut(_) | Fault::DeadlineExceeded => of_time(look, timeline, Some(lost)),
        Fault::Protocol(_) => {
            other_protocol(lost).unwrap_or_else(|| wrong("protocol", lost.to_string()))
        }
        Fault::Closing(_) => wrong("refused", lost.to_string()),
        Fault::Closed if lost.suggests_implicit_tls() => wrong(
            "closed",
            "the server closed the connection without a greeting: it may know this client as a \
             source of spam, or wait for TLS from the first byte (--implicit)",
        ),
        _ => wrong("closed", lost.to_string()),
    }
}

/// Another protocol than SMTP, by the first words of its server.
fn other_protocol(lost: &Lost) -> Option<Finding> {
    const FIRST_WORDS: [(&[u8], &str); 4] =
        [(b"* ", "IMAP"), (b"+OK", "POP3"), (b"SSH-", "SSH"), (b"RFB ", "VNC")];
    let line = lost.unread_line()?;
    let (_, name) = FIRST_WORDS.into_iter().find(|(first, _)| line.starts_with(first))?;
    Some(wrong(
        "wrong_port",
        format!("wrong port: this is one of {name}: use 587, or 465 with --implicit"),
    ))
}

/// No address has answered.
fn unreachable(look: &Look, lost: &Lost) -> Finding {
    let dials = &look.log.dials;
    let all = |what: fn(&Dial) -> bool| !dials.is_empty() && dials.iter().all(what);
    if all(|dial| dial.failure().is_none_or(|(kind, _)| kind == ErrorKind::TimedOut)) {
        return firewall(dials);
    }
    if all(|dial| dial.failure().is_some_and(|(kind, _)| kind == ErrorKind::ConnectionRefused)) {
        return wrong(
            "wrong_port",
            format!(
                "wrong port: no server listens at {} (connection refused): use 587, or 465 with \
                 --implicit, or see that it runs",
                listed(dials)
            ),
        );
    }
    wrong("unreachable", lost.to_string())
}

fn firewall(dials: &[Dial]) -> Finding {
    wrong(
        "firewall",
        format!(
            "firewall: no answer from {}, not even a refusal: a firewall on the way drops what is \
             sent to this port, or the machine is off",
            listed(dials)
        ),
    )
}

fn listed(dials: &[Dial]) -> String {
    let mut addresses: Vec<SocketAddr> = dials.iter().map(|dial| dial.address).collect();
    addresses.dedup();
    addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ")
}

/// The time is over.
fn of_time(look: &Look, timeline: &Timeline, lost: Option<&Lost>) -> Finding {
    let seconds = (millis(look.ended - look.began) / 100.0).round() / 10.0;
    match timeline.open() {
        Some("name") => wrong(
            "unresolved",
            format!("no answer from the resolver in {seconds} s: check that this machine has one"),
        ),
        Some("connect") => firewall(&look.log.dials),
        Some("greeting") if look.is_secured() => wrong(
            "silent",
            format!(
                "the server speaks TLS, and sent no greeting in {seconds} s: is it a mail server? \
                 A web server waits like this"
            ),
        ),
        Some("greeting") => wrong(
            "silent",
            format!(
                "no greeting in {seconds} s, neither in clear nor inside TLS: the server is slow, \
                 or this is no mail server"
            ),
        ),
        Some("TLS") if lost.is_none_or(Lost::suggests_starttls) => wrong(
            "silent",
            format!(
                "no answer to TLS in {seconds} s: this may be a port without TLS from the first \
                 byte: use --starttls"
            ),
        ),
        Some(step) => wrong("silent", format!("no answer to {step} in {seconds} s")),
        None => wrong("silent", format!("the session was not over after {seconds} s")),
    }
}

fn of_handshake(error: &HandshakeError, lost: &Lost) -> Finding {
    let fields = error.certificate().and_then(CertificateFields::from_der);
    let is_self_signed = fields.as_ref().is_some_and(|fields| fields.is_self_issued);
    let (kind, what) = match error.kind() {
        Kind::ClearText if lost.suggests_starttls() => {
            return other_protocol(lost).unwrap_or_else(|| {
                wrong(
                    "starttls_needed",
                    "wrong TLS mode: the server greets in clear at this port: use --starttls",
                )
            });
        }
        Kind::Version => {
            return wrong("old_tls", format!("old TLS: {error}"));
        }
        Kind::WrongName => ("wrong_name", "wrong name"),
        Kind::Expired => ("expired", "expired"),
        Kind::NotYetValid => ("not_yet_valid", "not valid yet"),
        Kind::UnknownIssuer | Kind::AuthorityCertificate if is_self_signed => {
            ("self_signed", "self-signed")
        }
        Kind::UnknownIssuer | Kind::AuthorityCertificate => ("unknown_issuer", "unknown issuer"),
        Kind::Revoked => ("revoked", "revoked"),
        Kind::BadCertificate | Kind::NotPinned => ("bad_certificate", "not accepted"),
        Kind::ClientCertificate => ("client_certificate", "the server asks for one"),
        _ => return wrong("tls", lost.to_string()),
    };
    wrong(kind, format!("certificate: {what}: {error}"))
}

fn of_refusal(refusal: &Refusal) -> Finding {
    match refusal.command() {
        "STARTTLS" if refusal.is_local() => wrong(
            "no_starttls",
            "no TLS: the server does not offer STARTTLS at this port: use --implicit with port \
             465, have STARTTLS enabled, or look in clear with --plain",
        ),
        "STARTTLS" => wrong("starttls_refused", refusal.to_string()),
        "AUTH" if refusal.is_local() => wrong("no_mechanism", refusal.to_string()),
        "AUTH" => wrong("login_refused", refusal.to_string()),
        _ => wrong("refused", refusal.to_string()),
    }
}
