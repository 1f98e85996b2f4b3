//! RRVS: recipients who must have had their address for some time (RFC 7293).

use smtp_grammar::{Capability, Params};

use super::date_time::DateTime;
use super::optional::MayBeLeftOut;
use super::parameter::{Parameter, RcptParameter};

/// The keyword RRVS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientValidSince;

impl Capability for RecipientValidSince {
    const KEYWORD: &'static str = "RRVS";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// The message is for the one who has had the address since then, and for no later owner.
///
/// ```text
/// "RRVS=" date-time [ ";" ( "C" / "R" ) ]      ; RFC 7293 §3.1, without fractions of a second
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidSince {
    time: DateTime,
    passes_on: bool,
}

impl ValidSince {
    /// Since then. A server that would have to pass the message on to one without RRVS refuses the
    /// recipient.
    pub fn new(time: DateTime) -> Self {
        Self { time, passes_on: false }
    }

    /// A server may pass the message on to one without RRVS.
    #[must_use]
    pub fn or_continue(self) -> Self {
        Self { passes_on: true, ..self }
    }
}

impl RcptParameter for ValidSince {
    fn into_parameter(self) -> Parameter {
        // ";R" is the meaning of a value without it.
        let action = if self.passes_on { ";C" } else { "" };
        let value = format!("{}{action}", self.time);
        Parameter::new("RRVS", value, RecipientValidSince::KEYWORD).raises(33)
    }
}

impl MayBeLeftOut for ValidSince {}
