//! ATRN: the roles turn, and the server sends us our mail (RFC 2645).

use smtp::SmtpCommand;
use smtp::grammar::Domain;

/// ```text
/// atrn-command = "ATRN" [ SP domain *("," domain) ]      ; RFC 2645 §5.2.1
/// ```
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "ATRN", requires = "ATRN", accepts(250), stage = Atrn, consumes(Authed))]
pub struct Atrn {
    #[smtp(join = ",")]
    pub domains: Vec<Domain>,
}
