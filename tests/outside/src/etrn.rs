//! ETRN: asks a server to send what it holds for a domain (RFC 1985).

use smtp::grammar::parser::Parsed;
use smtp::grammar::parser::nom::Parser as _;
use smtp::grammar::{Domain, parser};
use smtp::{Reply, SmtpCommand, SmtpReply};

/// ```text
/// etrn = "ETRN" SP [ "@" / "#" ] node      ; RFC 1985 §5
/// ```
#[derive(Debug, SmtpCommand)]
#[smtp(
    verb = "ETRN",
    requires = "ETRN",
    accepts(250, 251, 252, 253),
    reply = Queue,
    valid_in(Idle)
)]
pub enum Etrn {
    /// For this domain.
    Domain(Domain),
    /// For this domain and all below it.
    Subdomains(#[smtp(prefix = "@")] Domain),
    /// A queue of the server's, by its name.
    Queue(#[smtp(prefix = "#")] String),
}

/// The server's answer to ETRN (RFC 1985 §5.3).
#[derive(Debug, PartialEq, Eq, SmtpReply)]
pub enum Queue {
    /// It sends.
    #[smtp(code(250))]
    Started,
    /// It holds nothing.
    #[smtp(code(251))]
    Empty,
    /// It sends, and says so in its own words.
    #[smtp(code(252))]
    Pending(Reply),
    /// It sends so many messages.
    #[smtp(code(253))]
    Messages(#[smtp(text = messages)] u64),
}

/// `"OK, " 1*DIGIT " pending messages for node " domain " started"`
fn messages(input: &[u8]) -> Parsed<'_, u64> {
    let tag = parser::nom::bytes::complete::tag("OK, ");
    let (rest, (_, number)) = (tag, parser::number).parse(input)?;
    let (rest, _) = parser::rest(rest)?;
    Ok((rest, number))
}
