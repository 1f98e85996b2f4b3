//! CONPERM: permission to convert the content of a message (RFC 4141).

use smtp_grammar::{Capability, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The keyword CONPERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversionPermission;

impl Capability for ConversionPermission {
    const KEYWORD: &'static str = "CONPERM";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// Servers may convert the content of the message.
///
/// ```text
/// "CONPERM"      ; RFC 4141 §4
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MayConvert;

impl MailParameter for MayConvert {
    fn into_parameter(self) -> Parameter {
        Parameter::flag("CONPERM", ConversionPermission::KEYWORD).raises(8)
    }
}

impl MayBeLeftOut for MayConvert {}
