//! The report as one JSON object, for programs.

use serde_json::{Value, json};
use smtp::state::{CertificateFields, Security};

use crate::network::Dial;
use crate::report::{Report, by};
use crate::timeline::{Step, millis};
use crate::uses;
use crate::verdict::{Finding, Level};

/// All times are in milliseconds. Unknown facts are null.
pub(crate) fn of(report: &Report) -> Value {
    let (verdict, text) = report.verdict();
    let (look, facts) = (&report.look, &report.look.facts);
    let offers = report.offers();
    let limits = offers.map(|offers| {
        let limits = uses::limits(offers).into_iter();
        limits.map(|(name, most)| (name.to_owned(), most.into())).collect::<serde_json::Map<_, _>>()
    });
    json!({
        "target": report.target,
        "name": report.name,
        "mode": report.mode.to_string(),
        "verdict": verdict,
        "text": text,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "addresses": look.log.dials.iter().map(address).collect::<Vec<_>>(),
        "greeting": report.greeting(),
        "in_clear": facts.before_tls.as_ref().map(uses::lines),
        "inside_tls": facts.inside_tls.as_ref().map(uses::lines),
        "tls": facts.security.as_ref().map(security),
        "certificate": report.certificate().as_ref().map(certificate),
        "mechanisms": offers.map(uses::mechanisms),
        "login": facts.login,
        "limits": limits,
        "uses": offers.map(uses::of),
        "timeline": report.timeline.0.iter().map(step).collect::<Vec<_>>(),
        "time": millis(look.ended - look.began),
    })
}

fn finding(finding: &Finding) -> Value {
    let level = if finding.level == Level::Wrong { "wrong" } else { "warning" };
    json!({ "level": level, "kind": finding.kind, "text": finding.text })
}

fn address(dial: &Dial) -> Value {
    json!({
        "address": dial.address.to_string(),
        "time": dial.took().map(millis),
        "error": dial.failure().map(|(_, text)| text),
        "connected": dial.is_connected(),
        "used": dial.used,
    })
}

fn security(security: &Security) -> Value {
    json!({
        "protocol": security.protocol,
        "cipher_suite": security.cipher_suite,
        "verified": security.verified,
        "verification": by(security.verification),
    })
}

fn certificate(fields: &CertificateFields) -> Value {
    json!({
        "names": fields.names,
        "subject": fields.subject,
        "issuer": fields.issuer,
        "self_issued": fields.is_self_issued,
        "authority": fields.is_authority,
        "not_before": fields.not_before,
        "not_after": fields.not_after,
        "public_key": fields.public_key,
        "signature_algorithm": fields.signature_algorithm,
    })
}

fn step(step: &Step) -> Value {
    json!({
        "step": step.name,
        "began": millis(step.began),
        "ended": millis(step.ended),
        "done": step.done,
    })
}
