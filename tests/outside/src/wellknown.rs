//! WELLKNOWN: a document of the server's (Exim).

use smtp::grammar::parser::Parsed;
use smtp::grammar::parser::nom::Parser as _;
use smtp::grammar::{parser, xtext};
use smtp::{Reply, SmtpCommand, SmtpReply};

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "WELLKNOWN", requires = "WELLKNOWN", reply = Document, accepts(250), valid_in(Idle))]
pub struct WellKnown<'a>(#[smtp(xtext)] pub &'a str);

/// A summary in the first line, the document as xtext in the others.
#[derive(Debug, PartialEq, Eq, SmtpReply)]
pub struct Document {
    #[smtp(key = "SIZE")]
    pub bytes: Option<u64>,
    #[smtp(word = 0)]
    pub name: String,
    #[smtp(lines = content)]
    content: Vec<Vec<u8>>,
    #[smtp(reply)]
    pub reply: Reply,
}

impl Document {
    pub fn content(&self) -> Vec<u8> {
        self.content[1..].concat()
    }
}

/// `*OCTET`, decoded where it is xtext; the summary is not.
fn content(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let decode = |line: &[u8]| {
        let text = std::str::from_utf8(line).ok();
        text.and_then(|text| xtext::decode(text).ok()).unwrap_or_else(|| line.to_vec())
    };
    parser::rest.map(decode).parse(input)
}
