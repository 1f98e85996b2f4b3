//! BDAT: a chunk of the message, counted (RFC 3030).

use smtp_derive::SmtpCommand;

use crate::proto::decimal::decimal;

/// The command BDAT, without the bytes that follow it.
///
/// ```text
/// bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
/// chunk-size ::= 1*DIGIT
/// end-marker ::= "LAST"      ; RFC 3030 §2
/// ```
///
/// The server reads as many bytes after it, no matter which, and then answers. So it is sent
/// by calls that have the bytes: `Connection::<InTransaction<_>>::bdat`, and `deliver` under a
/// [`Transfer`](crate::Transfer) that says so.
#[derive(Debug, Clone, Copy, SmtpCommand)]
#[smtp(verb = "BDAT", requires = "CHUNKING", stage = Bdat, pipelining, valid_in())]
pub struct Bdat {
    #[smtp(with = decimal)]
    bytes: u64,
    #[smtp(flag = "LAST")]
    last: bool,
}

impl Bdat {
    /// A chunk of so many bytes, which others follow.
    pub fn chunk(bytes: u64) -> Self {
        Self { bytes, last: false }
    }

    /// The last chunk, of so many bytes; there may be none.
    pub fn last(bytes: u64) -> Self {
        Self { bytes, last: true }
    }
}
