//! WELLKNOWN: the server gives out documents about itself (Exim).

use smtp_grammar::{Capability, Params};

/// WELLKNOWN: the server gives out documents about itself (Exim).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WellKnownExtension;

impl Capability for WellKnownExtension {
    const KEYWORD: &'static str = "WELLKNOWN";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
