//! Reply codes: the three digits of a reply. Clients act on the first one.

use std::fmt::{self, Display};

/// The code of a reply.
///
/// ```text
/// Reply-code = %x32-35 %x30-35 %x30-39      ; RFC 5321 §4.2
/// ```
///
/// The first digit is from 2 to 5; any two may follow, as servers do send 571 and 599.
///
/// ```
/// use smtp_grammar::{ReplyCode, Severity};
///
/// let code = ReplyCode::from_digits(*b"452").unwrap();
/// assert_eq!(code.severity(), Severity::Transient);
/// assert_eq!(ReplyCode::from_digits(*b"123"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplyCode(u16);

/// The meaning of the first digit of a reply code (RFC 5321 §4.2.1). Clients act on it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// 2yz: done.
    Positive,
    /// 3yz: go on.
    Intermediate,
    /// 4yz: not now.
    Transient,
    /// 5yz: never.
    Permanent,
}

impl ReplyCode {
    /// 220, a greeting.
    pub const READY: Self = Self(220);
    /// 221, the answer to QUIT.
    pub const CLOSING: Self = Self(221);
    /// 235, authenticated.
    pub const AUTHENTICATED: Self = Self(235);
    /// 250, done.
    pub const OK: Self = Self(250);
    /// 334, an authentication challenge.
    pub const CHALLENGE: Self = Self(334);
    /// 354, send the message.
    pub const START_MAIL_INPUT: Self = Self(354);
    /// 421, the server closes the connection.
    pub const SERVICE_NOT_AVAILABLE: Self = Self(421);

    /// A code from 200 to 599.
    pub const fn new(code: u16) -> Option<Self> {
        if matches!(code, 200..=599) { Some(Self(code)) } else { None }
    }

    /// The code of three ASCII digits, as they stand in a reply. `None` if the first is not from 2
    /// to 5.
    #[inline]
    pub const fn from_digits(digits: [u8; 3]) -> Option<Self> {
        let [hundreds @ b'2'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = digits else {
            return None;
        };
        let code = 100 * (hundreds - b'0') as u16 + 10 * (tens - b'0') as u16;
        Some(Self(code + (ones - b'0') as u16))
    }

    /// The code as a number.
    #[inline]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The meaning of the first digit.
    pub const fn severity(self) -> Severity {
        match self.0 / 100 {
            2 => Severity::Positive,
            3 => Severity::Intermediate,
            4 => Severity::Transient,
            _ => Severity::Permanent,
        }
    }

    /// 2yz.
    pub const fn is_positive(self) -> bool {
        matches!(self.severity(), Severity::Positive)
    }

    /// 3yz.
    pub const fn is_intermediate(self) -> bool {
        matches!(self.severity(), Severity::Intermediate)
    }

    /// 4yz.
    pub const fn is_transient(self) -> bool {
        matches!(self.severity(), Severity::Transient)
    }

    /// 5yz.
    pub const fn is_permanent(self) -> bool {
        matches!(self.severity(), Severity::Permanent)
    }
}

impl Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}
