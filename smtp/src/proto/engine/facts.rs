//! The facts of a session that are true between commands, and that its exchanges decide by.

/// The facts of a session that outlive its exchanges.
#[derive(Debug)]
pub(crate) struct SessionFacts {
    /// The server takes commands before it has answered those before them (RFC 2920).
    pub(crate) pipelining: bool,
    /// The server may still have a transaction open that is over for this side: RSET goes before
    /// the next command, but for QUIT and EHLO.
    pub(crate) reset_due: bool,
    /// That transaction may have recipients, who would get what is sent next.
    pub(crate) recipients_left: bool,
    /// The server has taken a message in chunks.
    pub(crate) bdat_verified: bool,
    /// The server takes commands after a message before it has answered the message.
    pub(crate) overtakes: bool,
    /// The server has accepted EHLO.
    pub(crate) extended: bool,
    /// The latest MAIL has declared MTRK.
    pub(crate) tracked: bool,
    /// The session is one of LMTP, which begins with LHLO and has a final reply for each recipient
    /// (RFC 2033).
    pub(crate) lmtp: bool,
}

impl SessionFacts {
    pub(super) const fn new() -> Self {
        Self {
            pipelining: false,
            reset_due: false,
            recipients_left: false,
            bdat_verified: false,
            overtakes: true,
            extended: false,
            tracked: false,
            lmtp: false,
        }
    }

    /// A transaction is over for this side, and the server may still have it open; `recipients`
    /// says whether it may have any.
    pub(crate) fn leave_transaction(&mut self, recipients: bool) {
        self.reset_due = true;
        self.recipients_left |= recipients;
    }

    /// No transaction is open.
    #[inline]
    pub(crate) fn end_transaction(&mut self) {
        (self.reset_due, self.recipients_left) = (false, false);
    }
}
