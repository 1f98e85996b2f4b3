//! ATRN: the roles turn, and the server sends its mail over this connection.

use smtp_derive::SmtpCommand;
use smtp_grammar::Domain;

/// The command ATRN (On-Demand Mail Relay, port 366). Without a domain the server sends the mail of
/// all that the user may have.
///
/// ```text
/// atrn-command = "ATRN" [ SP domain *("," domain) ]      ; RFC 2645 §5.2.1
/// ```
///
/// After the server's 250 the roles are reversed: this side greets with 220, and the server says
/// EHLO and sends mail. [`Connection::into_stream`](crate::Connection::into_stream) sends the
/// command, and gives the stream with the bytes that were read already; to serve SMTP over it is the
/// caller's part.
#[derive(Debug, Clone, Default, SmtpCommand)]
#[smtp(verb = "ATRN", requires = "ATRN", accepts(250), stage = Atrn, consumes(Authed))]
pub struct Atrn {
    #[smtp(join = ",")]
    domains: Vec<Domain>,
}

impl Atrn {
    /// The mail of these domains.
    pub fn new(domains: impl IntoIterator<Item = Domain>) -> Self {
        Self { domains: domains.into_iter().collect() }
    }
}
