//! MT-PRIORITY: messages that servers pass on before or after others (RFC 6710).

use smtp_grammar::{Capability, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The keyword MT-PRIORITY.
///
/// ```text
/// priority-profile = 1*20( ALPHA / DIGIT / "-" / "_" / "." )      ; RFC 6710 §4
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MtPriority {
    /// The policy by which the server reads priorities, in upper case: `MIXER`, `STANAG4406` or
    /// `NSEP` (RFC 6758), or another.
    pub profile: Option<String>,
}

impl Capability for MtPriority {
    const KEYWORD: &'static str = "MT-PRIORITY";

    fn parse(mut params: Params<'_>) -> Self {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let profile = params.find(|param| param.len() <= 20 && param.bytes().all(valid));
        Self { profile: profile.map(str::to_ascii_uppercase) }
    }
}

/// The priority of a message.
///
/// ```text
/// priority-value = "-" NZDIGIT / "0" / NZDIGIT      ; RFC 6710 §4
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(i8);

impl Priority {
    /// A priority from -9, the lowest, to 9, the highest; `None` for another number.
    pub fn new(priority: i8) -> Option<Self> {
        (-9..=9).contains(&priority).then_some(Self(priority))
    }
}

impl MailParameter for Priority {
    fn into_parameter(self) -> Parameter {
        Parameter::new("MT-PRIORITY", self.0.to_string(), MtPriority::KEYWORD).raises(15)
    }
}

impl MayBeLeftOut for Priority {}
