//! The declaration of MAIL, and of similar commands, for the rest of the transaction.

/// The extensions that a command declares for the rest of its transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// SMTPUTF8: the envelope may hold UTF-8 (RFC 6531).
    pub(crate) utf8: bool,
    /// `BODY=8BITMIME` or more: the message may hold any bytes (RFC 6152).
    pub(crate) eight_bit: bool,
    /// `BODY=BINARYMIME`: the message may be no lines (RFC 3030 §3).
    pub(crate) binary: bool,
    /// `TRANSID`: MAIL may be answered with 355, after which the server has a part of the message
    /// already (RFC 1845). Nothing may follow MAIL before that is known.
    pub(crate) checkpoint: bool,
    /// PRDR: the server may answer the message for each recipient.
    pub(crate) prdr: bool,
}

impl Declared {
    /// Adds the declaration of another command of the transaction.
    pub(crate) fn add(&mut self, other: Self) {
        self.utf8 |= other.utf8;
        self.eight_bit |= other.eight_bit;
        self.binary |= other.binary;
        self.checkpoint |= other.checkpoint;
        self.prdr |= other.prdr;
    }
}
