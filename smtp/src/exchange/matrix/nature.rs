//! The natures of the model server: what it refuses, and what it does that the protocol leaves
//! open.

/// How a server treats what is not said by the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// It accepts everything.
    Plain,
    /// It refuses some of it: see [`refused`].
    Choosy,
    /// It refuses some of it, keeps a transaction whose message it has refused (as Postfix does),
    /// and asks for messages although it has accepted no recipient (RFC 2920 §3.1).
    Keeps,
    /// It does so with later messages.
    KeepsLater,
    /// It takes recipients without a sender.
    Lax,
    /// It refuses messages for some of their recipients, where each has a reply.
    Parts,
    /// It refuses every command that has come in one flight with the end of a message before it.
    Guards,
}

/// The refusals of a choosy server: the verb, the message, its recipient, and the code.
const CHOICES: [(&str, usize, &str, u16); 3] = [
    ("RCPT", 1, "m1r2@server.test", 550),
    ("END", 2, "", 451),
    ("RCPT", 3, "m3r1@server.test", 450),
];

/// The refusals of a server that keeps transactions.
const KEEPER: [(&str, usize, &str, u16); 3] = [
    ("END", 1, "", 554),
    ("RCPT", 2, "m2r1@server.test", 550),
    ("RCPT", 2, "m2r2@server.test", 450),
];

const LATE_KEEPER: [(&str, usize, &str, u16); 3] = [
    ("END", 2, "", 554),
    ("RCPT", 3, "m3r1@server.test", 550),
    ("RCPT", 3, "m3r2@server.test", 450),
];

/// The refusals of a server that takes a message for some recipients.
const PARTS: [(&str, usize, &str, u16); 4] = [
    ("END", 1, "m1r1@server.test", 452),
    ("END", 2, "m2r2@server.test", 552),
    ("END", 3, "m3r1@server.test", 552),
    ("END", 3, "m3r2@server.test", 450),
];

impl Nature {
    /// Whether it keeps the transaction of a message that it has refused.
    pub(super) fn keeps(self) -> bool {
        matches!(self, Self::Keeps | Self::KeepsLater)
    }

    /// With which code it refuses a command, where it does.
    pub(super) fn refusal(
        self,
        verb: &str,
        message: Option<usize>,
        rcpt: Option<&str>,
    ) -> Option<u16> {
        let choices: &[(&str, usize, &str, u16)] = match self {
            Self::Choosy => &CHOICES,
            Self::Keeps => &KEEPER,
            Self::KeepsLater => &LATE_KEEPER,
            Self::Parts => &PARTS,
            Self::Plain | Self::Lax | Self::Guards => &[],
        };
        let of = |choice: &&(&str, usize, &str, u16)| {
            let of_message = choice.0 == "END" && choice.2.is_empty();
            let of_rcpt = of_message || choice.2 == rcpt.unwrap_or_default();
            choice.0 == verb && Some(choice.1) == message && of_rcpt
        };
        choices.iter().find(of).map(|choice| choice.3)
    }
}
