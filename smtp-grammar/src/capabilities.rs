//! What a server says it can do.

use std::fmt::{self, Debug};
use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use nom::bytes::complete::{take_while, take_while1};
use nom::combinator::{recognize, verify};
use nom::{IResult, Parser as _};

use crate::reply::Reply;

/// The reply to EHLO as an open map of keywords.
///
/// ```text
/// ehlo-ok-rsp  = ( "250" SP Domain [ SP ehlo-greet ] CRLF ) / ...
/// ehlo-line    = ehlo-keyword *( SP ehlo-param )
/// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ehlo-param   = 1*(%d33-126)                                  ; RFC 5321 §4.1.1.1
/// ```
///
/// Keywords that nobody here has heard of are kept like all others. The first line is never a
/// keyword, whatever it says. A line that is none is ignored and stays readable.
#[derive(Clone, Default)]
pub struct Capabilities {
    text: Bytes,
    entries: Arc<[Entry]>,
}

/// Where a keyword and its parameters stand in the text.
#[derive(Clone)]
struct Entry {
    keyword: Range<usize>,
    params: Range<usize>,
}

/// A keyword with typed parameters: `capabilities.get::<Size>()`.
pub trait Capability: Sized {
    /// The EHLO keyword.
    const KEYWORD: &'static str;

    /// Reads the parameters. What cannot be read must be taken as not said: a server's mistake in
    /// a parameter does not unsay the keyword.
    fn parse(params: Params<'_>) -> Self;
}

/// Parameters that are kept of one keyword; what follows is ignored.
const MOST_PARAMS: usize = 64;

impl Capabilities {
    /// Reads the reply to EHLO. It cannot fail: what is no keyword is kept as text.
    pub fn from_reply(reply: &Reply) -> Self {
        let text = reply.raw().clone();
        let mut end = 0;
        let entries = text
            .split_inclusive(|&octet| octet == b'\n')
            .filter_map(|line| {
                let start = end;
                end += line.len();
                entry(line, start)
            })
            .skip_while(|entry| entry.keyword.start == CODE)
            .collect();
        Self { text, entries }
    }

    /// No capabilities: a server that knows HELO alone.
    pub fn none() -> Self {
        Self::default()
    }

    /// The name that the server gave itself: the first word of the first line.
    pub fn greeting_domain(&self) -> &str {
        let line = self.raw_lines().next().unwrap_or_default();
        let word = line.split(|&octet| octet == b' ').next();
        std::str::from_utf8(word.unwrap_or_default()).unwrap_or_default()
    }

    /// Whether a keyword is listed, whatever its case.
    pub fn has(&self, keyword: &str) -> bool {
        self.find(keyword).next().is_some()
    }

    /// The parameters of a keyword, of all lines that have it.
    pub fn params(&self, keyword: &str) -> Option<Params<'_>> {
        let mut lines = self.find(keyword);
        let first = lines.next()?;
        let rest = lines.collect();
        Some(Params::new(first, rest))
    }

    /// A keyword with its parameters read into a type.
    pub fn get<C: Capability>(&self) -> Option<C> {
        self.params(C::KEYWORD).map(C::parse)
    }

    /// Each keyword with the parameters of its line, in the server's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Params<'_>)> {
        self.entries.iter().map(|entry| {
            let params = Params::new(self.slice(&entry.params), Vec::new());
            (self.slice(&entry.keyword), params)
        })
    }

    /// The text of every line as it came, the first included.
    pub fn raw_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text
            .split_inclusive(|&octet| octet == b'\n')
            .map(|line| line.trim_ascii_end().get(4..).unwrap_or_default())
    }

    /// The same without some keywords, for servers that list what they cannot do.
    #[must_use]
    pub fn without(&self, keywords: &[&str]) -> Self {
        let listed = |entry: &&Entry| {
            let keyword = self.slice(&entry.keyword);
            !keywords.iter().any(|other| other.eq_ignore_ascii_case(keyword))
        };
        Self {
            text: self.text.clone(),
            entries: self.entries.iter().filter(listed).cloned().collect(),
        }
    }

    /// The parameters of each line with this keyword.
    fn find(&self, keyword: &str) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(move |entry| self.slice(&entry.keyword).eq_ignore_ascii_case(keyword))
            .map(|entry| self.slice(&entry.params))
    }

    /// A part of the text. Keywords are ASCII; parameters that are not are none.
    fn slice(&self, range: &Range<usize>) -> &str {
        let octets = self.text.get(range.clone()).unwrap_or_default();
        std::str::from_utf8(octets).unwrap_or_default()
    }
}

/// Octets of a line before its text: the code and what separates it.
const CODE: usize = 4;

/// The keyword and the parameters of a line that begins at `start`.
fn entry(line: &[u8], start: usize) -> Option<Entry> {
    let text = line.trim_ascii_end().get(CODE..)?;
    let (params, keyword) = ehlo_keyword(text).ok()?;
    // `AUTH=LOGIN`, from before RFC 2554.
    let legacy = keyword.eq_ignore_ascii_case(b"AUTH") && params.starts_with(b"=");
    if !legacy && !matches!(params.first(), None | Some(b' ' | b'\t')) {
        return None;
    }
    let keyword = start + CODE..start + CODE + keyword.len();
    let params = keyword.end + usize::from(legacy)..start + CODE + text.len();
    Some(Entry { keyword, params })
}

/// `ehlo-keyword`
fn ehlo_keyword(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let first = verify(take_while1(is_keyword), |word: &[u8]| word[0] != b'-');
    recognize((first, take_while(is_keyword))).parse(input)
}

fn is_keyword(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}

/// The parameters of a keyword, one after the other. Those that are not printable ASCII are left
/// out.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    line: std::str::SplitAsciiWhitespace<'a>,
    lines: std::vec::IntoIter<&'a str>,
    left: usize,
}

impl<'a> Params<'a> {
    fn new(first: &'a str, rest: Vec<&'a str>) -> Self {
        Self { line: first.split_ascii_whitespace(), lines: rest.into_iter(), left: MOST_PARAMS }
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        loop {
            match self.line.next() {
                Some(param) if param.bytes().all(|octet| octet.is_ascii_graphic()) => {
                    return Some(param);
                }
                Some(_) => {}
                None => self.line = self.lines.next()?.split_ascii_whitespace(),
            }
        }
    }
}

impl FusedIterator for Params<'_> {}

impl Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(keyword, params)| (keyword, params.collect::<Vec<_>>())))
            .finish()
    }
}
