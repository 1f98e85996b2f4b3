//! The reply to EHLO as a map of keywords. Extensions are read from it by keyword, so that a new
//! extension needs no change here.

use std::fmt::{self, Debug};
use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;
use nom::bytes::complete::{take_while, take_while1};
use nom::combinator::{recognize, verify};
use nom::{IResult, Parser as _};

use crate::reply::Reply;

/// The reply to EHLO: the keywords that the server lists, with their parameters.
///
/// ```text
/// ehlo-ok-rsp  = ( "250" SP Domain [ SP ehlo-greet ] CRLF ) / ...
/// ehlo-line    = ehlo-keyword *( SP ehlo-param )
/// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ehlo-param   = 1*(%d33-126)                                  ; RFC 5321 §4.1.1.1
/// ```
///
/// The map is open: keywords that this crate does not know are kept like all others. The first line
/// is never a keyword. A line that does not begin with a keyword is left out of the map, and
/// [`raw_lines`](Self::raw_lines) still has it.
///
/// ```
/// use smtp_grammar::{Capabilities, Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::OK, ["mx.example.org", "SIZE 1000", "AUTH PLAIN LOGIN"]);
/// let offered = Capabilities::from_reply(&reply);
/// assert_eq!(offered.greeting_domain(), "mx.example.org");
/// assert!(offered.has("size") && !offered.has("STARTTLS"));
/// assert!(offered.params("AUTH").is_some_and(|auth| auth.eq(["PLAIN", "LOGIN"])));
/// ```
#[derive(Clone, Default)]
pub struct Capabilities(Arc<Lines>);

/// The lines of a reply. Each session has one, and each delivery a share in it.
struct Lines {
    text: Bytes,
    entries: Vec<Entry>,
    /// The index of the first entry of each slot, or [`NONE`].
    // A delivery asks for several keywords, and for one of each parameter: most are found, or not,
    // by one look at this.
    first: [u8; SLOTS],
    /// More lines than one may have the same keyword: few servers have such.
    repeats: bool,
}

/// Where a keyword and its parameters stand in the text.
#[derive(Clone)]
struct Entry {
    tag: u32,
    /// The number that its parameters begin with.
    number: Option<u32>,
    keyword: Range<usize>,
    params: Range<usize>,
}

/// A keyword with typed parameters: `capabilities.get::<Size>()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an EHLO keyword",
    label = "no server lists this",
    note = "implement `Capability` for it: its keyword, and how its parameters are read"
)]
pub trait Capability: Sized {
    /// The EHLO keyword.
    const KEYWORD: &'static str;

    /// Reads the parameters. A parameter that cannot be read must be taken as absent: the server
    /// offers the keyword although it made a mistake in a parameter.
    fn parse(params: Params<'_>) -> Self;
}

/// Parameters of one keyword that are read. Those that follow are ignored, because a server may
/// send any number of them.
const MOST_PARAMS: usize = 64;

impl Capabilities {
    /// Reads the reply to EHLO. It cannot fail: a line without a keyword is kept as text.
    pub fn from_reply(reply: &Reply) -> Self {
        let text = reply.raw().clone();
        let mut entries = Vec::with_capacity(USUAL_LINES);
        let mut start = line_end(&text, 0);
        while start < text.len() {
            let end = line_end(&text, start);
            entries.extend(entry(&text[start..end], start));
            start = end;
        }
        Self(Arc::new(Lines::new(text, entries)))
    }

    /// No capabilities: a server that knows HELO alone.
    pub fn none() -> Self {
        Self::default()
    }

    /// The name that the server gave itself: the first word of the first line.
    pub fn greeting_domain(&self) -> &str {
        let line = self.raw_lines().next().unwrap_or_default();
        let word = line.split(|&byte| byte == b' ').next();
        std::str::from_utf8(word.unwrap_or_default()).unwrap_or_default()
    }

    /// Whether a keyword is listed, in any case.
    #[inline]
    pub fn has(&self, keyword: &str) -> bool {
        self.0.position(keyword.as_bytes()).is_some()
    }

    /// Whether both are the same reply, read once: nothing that was found in one can be otherwise
    /// in the other. Two replies are never the same, whatever they say.
    #[inline]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The text after a keyword, of each line that has it, as it came.
    #[inline]
    pub fn raw_params(&self, keyword: &str) -> impl Iterator<Item = &[u8]> {
        let lines = &*self.0;
        lines.entries_of(keyword).map(|entry| lines.bytes(&entry.params).trim_ascii_start())
    }

    /// The number that the parameters of a keyword begin with, of each line that has it and one:
    /// up to nine digits before a space, a comma or the end. They were read once, with the reply.
    #[inline]
    pub fn numbers(&self, keyword: &str) -> impl Iterator<Item = u32> {
        self.0.entries_of(keyword).filter_map(|entry| entry.number)
    }

    /// The parameters of a keyword, of all lines that have it.
    pub fn params(&self, keyword: &str) -> Option<Params<'_>> {
        let mut params = self.0.entries_of(keyword).map(|entry| self.0.bytes(&entry.params));
        let first = params.next()?;
        Some(Params::new(first, params.collect()))
    }

    /// A keyword with its parameters read into a type.
    pub fn get<C: Capability>(&self) -> Option<C> {
        self.params(C::KEYWORD).map(C::parse)
    }

    /// Each keyword with the parameters of its line, in the server's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Params<'_>)> {
        let lines = &*self.0;
        lines.entries.iter().map(|entry| {
            let params = Params::new(lines.bytes(&entry.params), Vec::new());
            (lines.keyword(entry), params)
        })
    }

    /// The text of every line as it came, the first included.
    pub fn raw_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.0
            .text
            .split_inclusive(|&byte| byte == b'\n')
            .map(|line| without_line_end(line).get(CODE..).unwrap_or_default())
    }

    /// The same without some keywords, for servers that list extensions that do not work.
    #[must_use]
    pub fn without(&self, keywords: &[&str]) -> Self {
        let lines = &*self.0;
        let listed = |entry: &&Entry| {
            let keyword = lines.keyword(entry);
            !keywords.iter().any(|other| other.eq_ignore_ascii_case(keyword))
        };
        let entries = lines.entries.iter().filter(listed).cloned().collect();
        Self(Arc::new(Lines::new(lines.text.clone(), entries)))
    }
}

impl Lines {
    fn new(text: Bytes, entries: Vec<Entry>) -> Self {
        let (mut first, mut repeats) = ([NONE; SLOTS], false);
        for (index, entry) in entries.iter().enumerate() {
            let first = &mut first[slot(entry.tag)];
            if *first == NONE {
                // Of more lines than can be numbered, those at the end are searched for.
                *first = u8::try_from(index).map_or(LAST, |index| index.min(LAST));
            } else {
                // Only in the same slot can an earlier keyword be the same.
                repeats |= entries[..index].iter().any(|other| other.tag == entry.tag);
            }
        }
        Self { text, entries, first, repeats }
    }

    /// The lines with this keyword.
    #[inline]
    fn entries_of(&self, keyword: &str) -> impl Iterator<Item = &Entry> {
        let keyword = keyword.as_bytes();
        let mut next = self.position(keyword);
        std::iter::from_fn(move || {
            let at = next?;
            next = if self.repeats { self.search(keyword, at + 1) } else { None };
            self.entries.get(at)
        })
    }

    /// The index of the first line with this keyword.
    #[inline]
    fn position(&self, keyword: &[u8]) -> Option<usize> {
        let at = self.first[slot(tag(keyword))];
        if at == NONE {
            return None;
        }
        let at = usize::from(at);
        // Servers write keywords in capitals, as the RFCs do.
        let found = self.entries.get(at).is_some_and(|entry| self.bytes(&entry.keyword) == keyword);
        if found { Some(at) } else { self.search(keyword, at) }
    }

    /// The index of the first line with this keyword, from one on.
    #[cold]
    fn search(&self, keyword: &[u8], from: usize) -> Option<usize> {
        let tag = tag(keyword);
        let is = |entry: &Entry| {
            entry.tag == tag && self.bytes(&entry.keyword).eq_ignore_ascii_case(keyword)
        };
        self.entries.get(from..)?.iter().position(is).map(|at| from + at)
    }

    /// A keyword. `ehlo_keyword` accepts ASCII only, so that this conversion never fails.
    fn keyword(&self, entry: &Entry) -> &str {
        std::str::from_utf8(self.bytes(&entry.keyword)).unwrap_or_default()
    }

    #[inline]
    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new(Bytes::new(), Vec::new())
    }
}

/// The length of a keyword and two letters of it, without case.
#[inline]
fn tag(keyword: &[u8]) -> u32 {
    let (Some(first), Some(last)) = (keyword.first(), keyword.last()) else {
        return 0;
    };
    // The lowest byte of the length tells most keywords apart, and equal ones have the same.
    let [length, ..] = keyword.len().to_le_bytes();
    u32::from_be_bytes([0, length, first | 0x20, last | 0x20])
}

/// The slot of a tag.
#[inline]
fn slot(tag: u32) -> usize {
    (tag.wrapping_mul(0x9e37_79b1) >> 24) as usize
}

/// As many as eight bits number.
const SLOTS: usize = 256;

/// No entry.
const NONE: u8 = u8::MAX;

/// The last entry that has a number.
const LAST: u8 = NONE - 1;

/// Bytes of a line before its text: the code and its separator.
const CODE: usize = 4;

/// Lines that the vector has room for at first: few replies have more.
const USUAL_LINES: usize = 16;

/// Where the line that begins at `start` ends, its line feed included.
fn line_end(text: &[u8], start: usize) -> usize {
    memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at + 1)
}

/// The keyword and the parameters of a line that begins at `start`.
fn entry(line: &[u8], start: usize) -> Option<Entry> {
    let text = without_line_end(line).get(CODE..)?;
    let (params, keyword) = ehlo_keyword(text).ok()?;
    // `AUTH=LOGIN`, from before RFC 2554, and `X-EXPS=LOGIN` of the same time.
    let legacy = params.starts_with(b"=")
        && (keyword.eq_ignore_ascii_case(b"AUTH") || keyword.eq_ignore_ascii_case(b"X-EXPS"));
    if !legacy && !params.first().is_none_or(is_blank) {
        return None;
    }
    let tag = tag(keyword);
    let keyword = start + CODE..start + CODE + keyword.len();
    let number = number(params);
    let params = keyword.end + usize::from(legacy)..start + CODE + text.len();
    Some(Entry { tag, number, keyword, params })
}

/// The number that parameters begin with.
fn number(params: &[u8]) -> Option<u32> {
    let (mut number, mut digits) = (0, 0);
    for &byte in params.trim_ascii_start() {
        match byte {
            b'0'..=b'9' if digits < 9 => number = 10 * number + u32::from(byte - b'0'),
            b' ' | b'\t' | b',' => break,
            _ => return None,
        }
        digits += 1;
    }
    (digits > 0).then_some(number)
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `ehlo-keyword`
fn ehlo_keyword(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let first = verify(take_while1(is_keyword), |word: &[u8]| word[0] != b'-');
    recognize((first, take_while(is_keyword))).parse(input)
}

fn is_keyword(byte: u8) -> bool {
    // A table: a branch for each range of letters takes longer than the rest of the reply.
    const KEYWORD: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0u8;
        while byte < 0x80 {
            table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-';
            byte += 1;
        }
        table
    };
    KEYWORD[usize::from(byte)]
}

/// Whether a byte separates parameters: a space, and in some servers a tab.
#[allow(clippy::trivially_copy_pass_by_ref)] // The shape that `slice::split` asks for.
fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The parameters of a keyword, one after the other. Those that are not printable ASCII are left
/// out.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    line: std::slice::Split<'a, u8, fn(&u8) -> bool>,
    lines: std::vec::IntoIter<&'a [u8]>,
    left: usize,
}

impl<'a> Params<'a> {
    fn new(first: &'a [u8], rest: Vec<&'a [u8]>) -> Self {
        Self { line: first.split(is_blank), lines: rest.into_iter(), left: MOST_PARAMS }
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        loop {
            match self.line.next() {
                Some(param) if is_printable(param) => {
                    return std::str::from_utf8(param).ok();
                }
                Some(_) => {}
                None => self.line = self.lines.next()?.split(is_blank),
            }
        }
    }
}

/// `ehlo-param = 1*(%d33-126)`
fn is_printable(param: &[u8]) -> bool {
    !param.is_empty() && param.iter().all(u8::is_ascii_graphic)
}

impl FusedIterator for Params<'_> {}

impl Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(keyword, params)| (keyword, params.collect::<Vec<_>>())))
            .finish()
    }
}
