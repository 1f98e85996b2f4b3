//! Mistakes in a URL, and how to write it.

use std::fmt::{self, Display};

/// Why a text is no URL of a submission server.
///
/// No text of the URL is shown, but for the name of a query that is not known: what stands at the
/// wrong place may be a part of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// The environment has no variable `SMTP_URL`.
    NotSet,
    /// The variable `SMTP_URL` is not UTF-8.
    NotUnicode,
    /// A space, a line end or a control character.
    Character,
    /// Another scheme than `smtp` and `smtps`, or none.
    Scheme,
    /// A delimiter of URLs in the user or the password.
    Unescaped,
    /// A `%` without two hexadecimal digits.
    Percent,
    /// A NUL byte in the user or the password.
    Nul,
    /// A user, or a value of the query, that is not UTF-8.
    Utf8,
    /// A password without a user.
    NoUser,
    /// A user without a password.
    NoPassword,
    /// No host, or one that is neither a name nor an address.
    Host,
    /// An IPv6 address without its brackets, or brackets around something else.
    Brackets,
    /// A port that is not a number from 1 to 65535.
    Port,
    /// A path.
    Path,
    /// A fragment.
    Fragment,
    /// A query that is not known, by its name where that is a word.
    UnknownQuery(Option<Box<str>>),
    /// A query that stands there twice.
    QueryTwice(&'static str),
    /// `name=` is neither a domain nor an address literal, or is `localhost`.
    Name,
    /// `timeout=` is not a number of seconds from 1 to 3600.
    Timeout,
    /// `mechanism=` is no name of a mechanism.
    Mechanism,
    /// `mechanism=` in a URL without a user.
    MechanismWithoutUser,
}

impl UrlError {
    fn says(&self) -> &'static str {
        match self {
            // These are more than a text about the URL.
            Self::NotSet | Self::NotUnicode | Self::UnknownQuery(_) | Self::QueryTwice(_) => "",
            Self::Character => {
                "holds a space, a line end or a control character: take it off at the ends, and \
                 write a space in the user or the password as %20"
            }
            Self::Scheme => {
                "does not begin with smtp:// (STARTTLS, port 587) or smtps:// (TLS from the first \
                 byte, port 465)"
            }
            Self::Unescaped => {
                "has a delimiter in the user or the password: write @ as %40, / as %2F, ? as %3F \
                 and # as %23"
            }
            Self::Percent => {
                "has a % without two hexadecimal digits after it: write % itself as %25"
            }
            Self::Nul => "has a NUL (%00) in the user or the password: no mechanism can send one",
            Self::Utf8 => "has a user or a query that is not UTF-8",
            Self::NoUser => {
                "has an empty user before the @: write USER:PASSWORD@HOST, or HOST alone for a \
                 session without a login"
            }
            Self::NoPassword => {
                "has a user without a password: write USER:PASSWORD@HOST, or give a login that has \
                 no password to `Submission::auth`"
            }
            Self::Host => {
                "has no host, or one that is neither a DNS name nor an IP address: write \
                 smtps://HOST or smtps://USER:PASSWORD@HOST:PORT"
            }
            Self::Brackets => {
                "needs brackets around an IPv6 address, and there alone: [2001:db8::1]"
            }
            Self::Port => {
                "has a port that is not a number from 1 to 65535: leave out the colon for the \
                 port of the scheme"
            }
            Self::Path => "has a path: leave out all from the slash after the host on",
            Self::Fragment => "has a fragment: leave out all from the # on",
            Self::Name => {
                "has a name= that is neither a domain nor an address literal, or that is \
                 localhost: give the name of this machine, or leave it out"
            }
            Self::Timeout => "has a timeout= that is not a number of seconds from 1 to 3600",
            Self::Mechanism => "has a mechanism= that is no name of one, such as SCRAM-SHA-256",
            Self::MechanismWithoutUser => {
                "has a mechanism= and no user: write smtps://USER:PASSWORD@HOST"
            }
        }
    }
}

impl Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KNOWN: &str = "name, timeout and mechanism are; the scheme alone decides about TLS";
        match self {
            Self::NotSet => f.write_str(
                "the environment variable SMTP_URL is not set: set it to smtps://USER:PASSWORD@HOST",
            ),
            Self::NotUnicode => f.write_str(
                "the environment variable SMTP_URL is not UTF-8: percent-encode all other bytes",
            ),
            Self::UnknownQuery(None) => write!(f, "the URL has a query that is not known: {KNOWN}"),
            Self::UnknownQuery(Some(key)) => {
                write!(f, "the URL has the query {key}=, which is not known: {KNOWN}")
            }
            Self::QueryTwice(key) => write!(f, "the URL has the query {key}= twice"),
            other => write!(f, "the URL {}", other.says()),
        }
    }
}

impl std::error::Error for UrlError {}
