//! IGNOREQUOTA: recipients who get a message although their mailbox is full (LMTP: Cyrus, Dovecot).

use smtp_grammar::{Capability, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{Parameter, RcptParameter};

/// The keyword IGNOREQUOTA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoreQuotaExtension;

impl Capability for IgnoreQuotaExtension {
    const KEYWORD: &'static str = "IGNOREQUOTA";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// The recipient gets the message although its mailbox is full.
///
/// ```text
/// "IGNOREQUOTA"
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoreQuota;

impl RcptParameter for IgnoreQuota {
    fn into_parameter(self) -> Parameter {
        Parameter::flag("IGNOREQUOTA", IgnoreQuotaExtension::KEYWORD).raises(12)
    }
}

impl MayBeLeftOut for IgnoreQuota {}
