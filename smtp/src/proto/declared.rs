//! The declaration of MAIL, and of similar commands, for the rest of the transaction.

/// The extensions that a command declares for the rest of its transaction.
// A byte: each command has one, and most declare nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared(u8);

impl Declared {
    /// Nothing.
    pub(crate) const NONE: Self = Self(0);
    /// SMTPUTF8: the envelope may hold UTF-8 (RFC 6531).
    pub(crate) const UTF8: Self = Self(1);
    /// `BODY=8BITMIME` or more: the message may hold any bytes (RFC 6152).
    pub(crate) const EIGHT_BIT: Self = Self(1 << 1);
    /// `BODY=BINARYMIME`: the message may be no lines (RFC 3030 §3).
    pub(crate) const BINARY: Self = Self(1 << 2);
    /// `TRANSID`: MAIL may be answered with 355, after which the server has a part of the message
    /// already (RFC 1845). Nothing may follow MAIL before that is known.
    pub(crate) const CHECKPOINT: Self = Self(1 << 3);
    /// PRDR: the server may answer the message for each recipient.
    pub(crate) const PRDR: Self = Self(1 << 4);
    /// `MTRK`: each recipient needs ORCPT (RFC 3885 §4).
    pub(crate) const TRACKED: Self = Self(1 << 6);
    /// The command went without an optional parameter.
    pub(crate) const LEFT_OUT: Self = Self(1 << 5);

    /// Whether this is declared.
    #[inline]
    pub(crate) fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }

    /// Adds the declaration of another command of the transaction.
    #[inline]
    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Adds this where it is so.
    #[inline]
    pub(crate) fn add_if(&mut self, is_so: bool, one: Self) {
        if is_so {
            self.add(one);
        }
    }
}
