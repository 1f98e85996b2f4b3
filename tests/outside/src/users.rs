//! VRFY and EXPN, with typed replies (RFC 5321 §3.5).

use smtp::grammar::parser::Parsed;
use smtp::grammar::parser::nom::Parser as _;
use smtp::grammar::parser::nom::branch::alt;
use smtp::grammar::parser::nom::bytes::complete::{tag, take_till};
use smtp::grammar::parser::nom::combinator::{map, map_opt};
use smtp::grammar::parser::nom::sequence::delimited;
use smtp::grammar::{SmtpString, parser};
use smtp::{Mailbox, Reply, SmtpCommand, SmtpReply};

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "VRFY", reply = Verdict, accepts(250, 251, 252), valid_in(any))]
pub struct Vrfy(pub SmtpString);

/// The server's answer about one user.
#[derive(Debug, PartialEq, Eq, SmtpReply)]
pub enum Verdict {
    #[smtp(code(250, 251))]
    Known(#[smtp(text = member)] Member),
    #[smtp(code(252))]
    Unsaid(Reply),
}

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "EXPN", requires = "EXPN", reply = Members, accepts(250), reply_lines = 1024, valid_in(any))]
pub struct Expn(pub SmtpString);

/// The members of a list, one for each line.
#[derive(Debug, PartialEq, Eq, SmtpReply)]
pub struct Members {
    #[smtp(lines = member)]
    pub members: Vec<Member>,
}

/// A user's name, where there is one, and mailbox.
#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub mailbox: Mailbox,
}

/// `[ text SP ] "<" Mailbox ">" / Mailbox` (RFC 5321 §3.5.2)
fn member(input: &[u8]) -> Parsed<'_, Member> {
    let bare = map(parser::mailbox, |mailbox| Member { name: String::new(), mailbox });
    let path = delimited(tag("<"), take_till(|byte| byte == b'>'), tag(">"));
    let named = map_opt((take_till(|byte| byte == b'<'), path), |(name, path): (&[u8], &[u8])| {
        Some(Member {
            name: String::from_utf8_lossy(name).trim().to_owned(),
            mailbox: std::str::from_utf8(path).ok()?.parse().ok()?,
        })
    });
    alt((named, bare)).parse(input)
}
