//! XRCPTFORWARD: a proxy may say to a backend what it knows of a recipient (Dovecot).

use smtp_grammar::{Capability, Params};

/// XRCPTFORWARD: a proxy may say to a backend what it knows of a recipient (Dovecot).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XRcptForward;

impl Capability for XRcptForward {
    const KEYWORD: &'static str = "XRCPTFORWARD";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
