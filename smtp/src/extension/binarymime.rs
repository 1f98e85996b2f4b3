//! BINARYMIME: messages may hold any bytes, not in lines (RFC 3030 §3).

use smtp_grammar::{Capability, Params};

/// BINARYMIME: messages may hold any bytes, not in lines (RFC 3030 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinaryMimeExtension;

impl Capability for BinaryMimeExtension {
    const KEYWORD: &'static str = "BINARYMIME";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
