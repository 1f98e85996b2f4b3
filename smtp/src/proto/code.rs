//! Which replies are meant: a code, or a class of codes.

use smtp_grammar::ReplyCode;

/// A reply code, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePattern {
    /// This code alone.
    Exactly(u16),
    /// Every code that begins with this digit.
    Class(u8),
}

impl CodePattern {
    /// Whether `code` is meant.
    #[inline]
    pub const fn matches(self, code: ReplyCode) -> bool {
        match self {
            Self::Exactly(exact) => code.value() == exact,
            Self::Class(_) => code.value() / 100 == self.class(),
        }
    }

    /// Whether a code that is meant asks for something: the message, or an answer (3yz).
    pub(crate) const fn is_intermediate(self) -> bool {
        self.class() == 3
    }

    /// Whether some code is meant by both.
    pub(crate) const fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exactly(one), Self::Exactly(two)) => one == two,
            _ => self.class() == other.class(),
        }
    }

    /// The first digit of the codes meant.
    #[inline]
    pub(super) const fn class(self) -> u16 {
        match self {
            Self::Exactly(exact) => exact / 100,
            Self::Class(digit) => digit as u16,
        }
    }
}
