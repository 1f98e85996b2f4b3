//! BDAT: the line before a chunk (RFC 3030 §2).

use smtp::SmtpCommand;

/// ```text
/// bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
/// end-marker ::= "LAST"
/// ```
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "BDAT", requires = "CHUNKING", stage = Bdat, valid_in())]
pub struct Bdat {
    pub bytes: u64,
    #[smtp(flag = "LAST")]
    pub last: bool,
}
