//! REQUIRETLS: a message that travels inside TLS, or not at all (RFC 8689).

use smtp_grammar::{Capability, Params};

use super::parameter::{MailParameter, Parameter};

/// The keyword REQUIRETLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequireTlsExtension;

impl Capability for RequireTlsExtension {
    const KEYWORD: &'static str = "REQUIRETLS";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// Each server must pass the message on inside TLS, to a server that has proved its name and makes
/// the same promise, or return it.
///
/// ```text
/// "REQUIRETLS"      ; RFC 8689 §3, §4.2.1
/// ```
///
/// It is sent only where that holds for this session: it is inside TLS, the server has proved its
/// name by a trusted root, the operating system or a pin, and it lists REQUIRETLS inside TLS. The
/// name is the one that the caller has given, so a caller that takes names from DNS gives only those
/// that DNSSEC or an MTA-STS policy vouches for. Else the message is refused before anything of it
/// leaves, with the meaning of 5.7.10 or, where the keyword is missing, of 5.7.30:
/// [`EncodeError::enhanced`](crate::error::EncodeError::enhanced).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequireTls;

impl MailParameter for RequireTls {
    fn into_parameter(self) -> Parameter {
        Parameter::flag("REQUIRETLS", RequireTlsExtension::KEYWORD).raises(11).needs_tls()
    }
}
