//! BURL: a message that the server fetches itself (RFC 4468).

use smtp::SmtpCommand;

/// ```text
/// burl-cmd = "BURL" SP absolute-URI [SP end-marker] CRLF      ; RFC 4468 §3.2
/// ```
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "BURL", requires = "BURL", pipelining, valid_in(InTransaction))]
pub struct Burl<'a> {
    pub uri: &'a str,
    #[smtp(flag = "LAST")]
    pub last: bool,
}
