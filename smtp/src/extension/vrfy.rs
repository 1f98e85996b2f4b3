//! VRFY: the server says whether an address is one of its own (RFC 5321 §3.5).

use smtp_grammar::{Capability, Params};

/// VRFY: the server says whether an address is one of its own (RFC 5321 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VrfyExtension;

impl Capability for VrfyExtension {
    const KEYWORD: &'static str = "VRFY";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
