//! Enhanced status codes. They give the reason of a reply as numbers, which a client can act on
//! without reading the text.

use std::fmt::{self, Display};
use std::str::FromStr;

use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::one_of;
use nom::combinator::{map_opt, verify};
use nom::{IResult, Parser as _};

use crate::error::SyntaxError;
use crate::reply_code::ReplyCode;

/// An enhanced status code: the reason of a reply, such as 5.1.1 for a mailbox that does not exist.
///
/// ```text
/// status-code = class "." subject "." detail
/// class   = "2" / "4" / "5"
/// subject = 1*3digit
/// detail  = 1*3digit      ; RFC 3463 §2; no leading zeros
/// ```
///
/// ```
/// use smtp_grammar::EnhancedStatusCode;
///
/// let code = "5.1.1".parse::<EnhancedStatusCode>().unwrap();
/// assert!(code.is(EnhancedStatusCode::BAD_MAILBOX));
/// let error = "5.1.1 unknown".parse::<EnhancedStatusCode>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid enhanced status code from byte 6 on");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnhancedStatusCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedStatusCode {
    /// A code, when each of its parts is in range.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Option<Self> {
        if matches!(class, 2 | 4 | 5) && subject <= 999 && detail <= 999 {
            Some(Self { class, subject, detail })
        } else {
            None
        }
    }

    /// 2: success, 4: persistent transient failure, 5: permanent failure.
    pub const fn class(self) -> u8 {
        self.class
    }

    /// The subject: 1 addresses, 2 mailboxes, 3 the mail system, 4 the network, 5 the protocol,
    /// 6 content, 7 security (RFC 3463 §3).
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// The detail, which has a meaning of its own for each subject (RFC 3463 §3).
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Whether subject and detail are these, with any class: RFC 3463 names its codes without the
    /// class, as `X.1.1`.
    pub const fn is(self, (subject, detail): (u16, u16)) -> bool {
        self.subject == subject && self.detail == detail
    }

    /// The code at the beginning of a line of a reply with the code `reply`, and the rest of the
    /// line.
    ///
    /// Its class must be that of the reply, and a space or the end of the line must follow it (RFC
    /// 2034 §4); else it is text that looks like a code.
    pub fn prefix(reply: ReplyCode, text: &[u8]) -> Option<(Self, &[u8])> {
        let (rest, code) = status_code(text).ok()?;
        if u16::from(code.class) != reply.value() / 100 {
            return None;
        }
        match rest {
            [] => Some((code, rest)),
            [b' ', rest @ ..] => Some((code, rest)),
            _ => None,
        }
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = ($subject:literal, $detail:literal);)*) => {
        impl EnhancedStatusCode {
            $($(#[$doc])* pub const $name: (u16, u16) = ($subject, $detail);)*
        }
    };
}

names! {
    /// X.0.0: other, without more (RFC 3463 §3.1).
    OTHER = (0, 0);
    /// X.1.0: other, about an address (RFC 3463 §3.2).
    OTHER_ADDRESS = (1, 0);
    /// X.1.1: no such mailbox (RFC 3463 §3.2).
    BAD_MAILBOX = (1, 1);
    /// X.1.2: no such domain (RFC 3463 §3.2).
    BAD_SYSTEM = (1, 2);
    /// X.1.3: the mailbox has no valid form (RFC 3463 §3.2).
    BAD_MAILBOX_SYNTAX = (1, 3);
    /// X.1.4: the address is that of several mailboxes (RFC 3463 §3.2).
    AMBIGUOUS_MAILBOX = (1, 4);
    /// X.1.5: the mailbox is valid (RFC 3463 §3.2).
    MAILBOX_VALID = (1, 5);
    /// X.1.6: the mailbox has moved, and no new address is known (RFC 3463 §3.2).
    MAILBOX_MOVED = (1, 6);
    /// X.1.7: the sender's address has no valid form (RFC 3463 §3.2).
    BAD_SENDER_SYNTAX = (1, 7);
    /// X.1.8: the sender's domain takes no mail (RFC 3463 §3.2).
    BAD_SENDER_SYSTEM = (1, 8);
    /// X.1.9: relayed to a server without the extension (RFC 3886).
    RELAYED_TO_NON_COMPLIANT = (1, 9);
    /// X.1.10: the domain takes no mail (RFC 7505 §4).
    NULL_MX = (1, 10);
    /// X.2.0: other, about a mailbox (RFC 3463 §3.3).
    OTHER_MAILBOX = (2, 0);
    /// X.2.1: the mailbox is disabled (RFC 3463 §3.3).
    MAILBOX_DISABLED = (2, 1);
    /// X.2.2: the mailbox is full (RFC 3463 §3.3).
    MAILBOX_FULL = (2, 2);
    /// X.2.3: the message is too big for the mailbox (RFC 3463 §3.3).
    MESSAGE_TOO_BIG_FOR_MAILBOX = (2, 3);
    /// X.2.4: the list could not be expanded (RFC 3463 §3.3).
    LIST_EXPANSION = (2, 4);
    /// X.3.0: other, about the mail system (RFC 3463 §3.4).
    OTHER_SYSTEM = (3, 0);
    /// X.3.1: the mail system is full (RFC 3463 §3.4).
    SYSTEM_FULL = (3, 1);
    /// X.3.2: the system takes no mail now (RFC 3463 §3.4).
    SYSTEM_NOT_ACCEPTING = (3, 2);
    /// X.3.3: the system cannot do what is asked (RFC 3463 §3.4).
    SYSTEM_NOT_CAPABLE = (3, 3);
    /// X.3.4: the message is too big (RFC 3463 §3.4).
    MESSAGE_TOO_BIG = (3, 4);
    /// X.3.5: the system is configured wrongly (RFC 3463 §3.4).
    SYSTEM_MISCONFIGURED = (3, 5);
    /// X.3.6: the requested priority was changed (RFC 6710).
    PRIORITY_CHANGED = (3, 6);
    /// X.4.0: other, about the network (RFC 3463 §3.5).
    OTHER_NETWORK = (4, 0);
    /// X.4.1: the host does not answer (RFC 3463 §3.5).
    NO_ANSWER = (4, 1);
    /// X.4.2: the connection was bad (RFC 3463 §3.5).
    BAD_CONNECTION = (4, 2);
    /// X.4.3: a directory, such as the DNS, has failed (RFC 3463 §3.5).
    DIRECTORY_FAILURE = (4, 3);
    /// X.4.4: there is no route (RFC 3463 §3.5).
    NO_ROUTE = (4, 4);
    /// X.4.5: the mail system is congested (RFC 3463 §3.5).
    CONGESTION = (4, 5);
    /// X.4.6: the message went in a circle (RFC 3463 §3.5).
    ROUTING_LOOP = (4, 6);
    /// X.4.7: the time for the delivery is over (RFC 3463 §3.5).
    DELIVERY_EXPIRED = (4, 7);
    /// X.5.0: other, about the protocol (RFC 3463 §3.6).
    OTHER_PROTOCOL = (5, 0);
    /// X.5.1: the command is not valid here (RFC 3463 §3.6).
    INVALID_COMMAND = (5, 1);
    /// X.5.2: the command has no valid form (RFC 3463 §3.6).
    SYNTAX_ERROR = (5, 2);
    /// X.5.3: too many recipients (RFC 3463 §3.6).
    TOO_MANY_RECIPIENTS = (5, 3);
    /// X.5.4: the arguments are not valid (RFC 3463 §3.6).
    INVALID_ARGUMENTS = (5, 4);
    /// X.5.5: the versions of the protocol differ (RFC 3463 §3.6).
    WRONG_VERSION = (5, 5);
    /// X.5.6: the authentication exchange has too long a line (RFC 4954 §6).
    AUTH_LINE_TOO_LONG = (5, 6);
    /// X.6.0: other, about the content (RFC 3463 §3.7).
    OTHER_CONTENT = (6, 0);
    /// X.6.1: the kind of content is not supported (RFC 3463 §3.7).
    MEDIA_NOT_SUPPORTED = (6, 1);
    /// X.6.2: a conversion is needed and prohibited (RFC 3463 §3.7).
    CONVERSION_PROHIBITED = (6, 2);
    /// X.6.3: a conversion is needed and not supported (RFC 3463 §3.7).
    CONVERSION_NOT_SUPPORTED = (6, 3);
    /// X.6.4: a conversion has lost a part (RFC 3463 §3.7).
    CONVERTED_WITH_LOSS = (6, 4);
    /// X.6.5: a conversion has failed (RFC 3463 §3.7).
    CONVERSION_FAILED = (6, 5);
    /// X.6.6: the content is not available (RFC 4468).
    CONTENT_NOT_AVAILABLE = (6, 6);
    /// X.6.7: addresses beyond ASCII are not permitted (RFC 6531 §3.5).
    NON_ASCII_ADDRESS = (6, 7);
    /// X.6.8: a reply in UTF-8 is required and not permitted (RFC 6531 §3.5).
    UTF8_REPLY_REQUIRED = (6, 8);
    /// X.6.9: a header in UTF-8 cannot be passed on (RFC 6531 §3.5).
    UTF8_HEADER = (6, 9);
    /// X.7.0: some other security reason (RFC 3463 §3.8).
    SECURITY = (7, 0);
    /// X.7.1: the message is refused (RFC 3463 §3.8).
    NOT_AUTHORIZED = (7, 1);
    /// X.7.2: the sender may not write to the list (RFC 3463 §3.8).
    LIST_NOT_AUTHORIZED = (7, 2);
    /// X.7.3: a conversion between security protocols is not possible (RFC 3463 §3.8).
    SECURITY_CONVERSION = (7, 3);
    /// X.7.4: the security features are not supported (RFC 3463 §3.8).
    SECURITY_NOT_SUPPORTED = (7, 4);
    /// X.7.5: cryptography has failed (RFC 3463 §3.8).
    CRYPTOGRAPHY_FAILED = (7, 5);
    /// X.7.6: the cryptography is not supported (RFC 3463 §3.8).
    CRYPTOGRAPHY_NOT_SUPPORTED = (7, 6);
    /// X.7.7: the message was altered on its way (RFC 3463 §3.8).
    MESSAGE_ALTERED = (7, 7);
    /// X.7.8: wrong credentials (RFC 4954 §6).
    BAD_CREDENTIALS = (7, 8);
    /// X.7.9: the mechanism is too weak (RFC 4954 §6).
    MECHANISM_TOO_WEAK = (7, 9);
    /// X.7.10: encryption is needed (RFC 5248 §3).
    ENCRYPTION_NEEDED = (7, 10);
    /// X.7.11: encryption is needed for this mechanism (RFC 4954 §6).
    ENCRYPTION_REQUIRED = (7, 11);
    /// X.7.12: the password must be changed over (RFC 4954 §6).
    PASSWORD_TRANSITION = (7, 12);
    /// X.7.13: the account is disabled (RFC 5248 §3).
    ACCOUNT_DISABLED = (7, 13);
    /// X.7.14: the server must be trusted for it (RFC 4468).
    TRUST_REQUIRED = (7, 14);
    /// X.7.15: the priority is too low (RFC 6710).
    PRIORITY_TOO_LOW = (7, 15);
    /// X.7.16: the message is too big for its priority (RFC 6710).
    TOO_BIG_FOR_PRIORITY = (7, 16);
    /// X.7.17: the mailbox has another owner (RFC 7293).
    MAILBOX_OWNER_CHANGED = (7, 17);
    /// X.7.18: the domain has another owner (RFC 7293).
    DOMAIN_OWNER_CHANGED = (7, 18);
    /// X.7.19: the owner's time cannot be tested (RFC 7293).
    RRVS_IMPOSSIBLE = (7, 19);
    /// X.7.20: no DKIM signature is valid (RFC 7372).
    NO_PASSING_DKIM = (7, 20);
    /// X.7.21: no DKIM signature is acceptable (RFC 7372).
    NO_ACCEPTABLE_DKIM = (7, 21);
    /// X.7.22: no DKIM signature is the author's (RFC 7372).
    NO_AUTHOR_DKIM = (7, 22);
    /// X.7.23: SPF has failed (RFC 7372).
    SPF_FAILED = (7, 23);
    /// X.7.24: SPF could not be tested (RFC 7372).
    SPF_ERROR = (7, 24);
    /// X.7.25: the client's address has no name that leads back to it (RFC 7372).
    REVERSE_DNS_FAILED = (7, 25);
    /// X.7.26: several tests of the sender have failed (RFC 7372).
    AUTHENTICATION_CHECKS_FAILED = (7, 26);
    /// X.7.27: the sender's domain takes no mail (RFC 7505 §4).
    SENDER_NULL_MX = (7, 27);
    /// X.7.28: too much mail at once.
    MAIL_FLOOD = (7, 28);
    /// X.7.29: ARC has failed (RFC 8617).
    ARC_FAILED = (7, 29);
    /// X.7.30: REQUIRETLS is not supported (RFC 8689 §6).
    REQUIRETLS_NEEDED = (7, 30);
}

/// `status-code`
fn status_code(input: &[u8]) -> IResult<&[u8], EnhancedStatusCode> {
    let code = (one_of("245"), tag("."), number, tag("."), number);
    map_opt(code, |(class, _, subject, _, detail)| {
        let class = u8::try_from(class.to_digit(10)?).ok()?;
        EnhancedStatusCode::new(class, subject, detail)
    })
    .parse(input)
}

/// `1*3digit`, "without leading zeros" (RFC 3463 §2)
fn number(input: &[u8]) -> IResult<&[u8], u16> {
    let digits = take_while_m_n(1, 3, |byte: u8| byte.is_ascii_digit());
    let digits = verify(digits, |digits: &[u8]| digits.len() == 1 || digits[0] != b'0');
    map_opt(digits, |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok()).parse(input)
}

impl FromStr for EnhancedStatusCode {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        match status_code(text.as_bytes()) {
            Ok(([], code)) => Ok(code),
            Ok((rest, _)) => Err(SyntaxError::at("enhanced status code", text.len() - rest.len())),
            Err(_) => Err(SyntaxError::at("enhanced status code", 0)),
        }
    }
}

impl TryFrom<&str> for EnhancedStatusCode {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl Display for EnhancedStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_at_the_beginning_of_a_line() {
        let table: &[(u16, &str, Option<(&str, &str)>)] = &[
            (250, "2.0.0 Ok", Some(("2.0.0", "Ok"))),
            (550, "5.7.139 Outlook", Some(("5.7.139", "Outlook"))),
            (550, "5.1.1", Some(("5.1.1", ""))),
            (550, "4.1.1 other class", None),
            (550, "5.1 users", None),
            (550, "5.01.1 zero", None),
            (550, "5.1.1000 long", None),
            (550, "5.1.1x", None),
            (354, "3.0.0 no class", None),
            (250, "Ok", None),
        ];
        for &(code, text, expected) in table {
            let code = ReplyCode::new(code).expect("a code");
            let found = EnhancedStatusCode::prefix(code, text.as_bytes())
                .map(|(code, rest)| (code.to_string(), String::from_utf8_lossy(rest).into_owned()));
            let expected = expected.map(|(code, rest)| (code.to_owned(), rest.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
