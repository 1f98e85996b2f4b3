//! SIZE: how large a message the server takes (RFC 1870).

use smtp_grammar::{Capability, Params};

/// The keyword SIZE and its parameter.
///
/// ```text
/// size-param ::= [1*DIGIT]      ; RFC 1870 §4; 0 means that there is no fixed maximum
/// ```
///
/// [`Mail::size`](crate::command::Mail::size) declares a message's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    limit: Option<u64>,
}

impl Size {
    /// Octets of the largest message that the server takes, if it says so.
    pub fn limit(self) -> Option<u64> {
        self.limit
    }
}

impl Capability for Size {
    const KEYWORD: &'static str = "SIZE";

    /// A server that lists SIZE more than once means the smallest; what is no number means nothing.
    fn parse(params: Params<'_>) -> Self {
        Self {
            limit: params
                .filter(|param| param.bytes().all(|octet| octet.is_ascii_digit()))
                .map(|digits| digits.parse().unwrap_or(u64::MAX))
                .filter(|&limit| limit > 0)
                .min(),
        }
    }
}
