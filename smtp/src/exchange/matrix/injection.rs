//! Injected faults: what goes wrong in a cell of the matrix, and what the server then says.

use std::fmt::Write as _;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Injection {
    /// A 4yz reply instead of the usual one.
    Transient,
    /// A 5yz reply.
    Permanent,
    /// A 452 reply to RCPT: no room for this recipient (RFC 5321 §4.5.3.1.10).
    TooMany,
    /// 421, and then nothing.
    Unavailable,
    UnavailableThenEnd,
    /// 221, to anything but QUIT.
    Goodbye,
    /// The end of the stream.
    End,
    /// Reading and writing fail.
    Reset,
    HalfLineThenEnd,
    HalfLineThenSilence,
    /// A line that is no reply.
    Garbage,
    /// A positive reply of a class that does not answer the command.
    WrongClass,
    /// An intermediate reply that does not answer the command.
    Intermediate,
    /// A reply of two lines with different codes.
    OtherCode,
    BareLineFeed,
    /// A line over the limit.
    LongLine,
    /// A reply whose lines never end.
    Endless,
    /// The usual reply before the server has the last byte that it answers.
    Early,
    /// The usual reply two times.
    Twice,
    /// Writing fails. Reading gives nothing.
    WriteError,
    /// Writing fails, and a 5yz reply can still be read.
    WriteErrorThenRefusal,
    /// The source of the body fails.
    BodyError,
    /// The source of messages gives one that cannot be sent; of a mechanism or an exchange: there
    /// is no answer.
    SourceError,
    /// Nothing happens for too long.
    Deadline,
    /// The usual reply, and then the end of the stream.
    ReplyThenEnd,
    /// A 5yz reply, and then the end of the stream.
    PermanentThenEnd,
    /// A 4yz reply, and then reading and writing fail.
    TransientThenReset,
}

pub(super) use Injection::*;

pub(super) const ALL: [Injection; 27] = [
    Transient,
    Permanent,
    TooMany,
    Unavailable,
    UnavailableThenEnd,
    Goodbye,
    End,
    Reset,
    HalfLineThenEnd,
    HalfLineThenSilence,
    Garbage,
    WrongClass,
    Intermediate,
    OtherCode,
    BareLineFeed,
    LongLine,
    Endless,
    Early,
    Twice,
    WriteError,
    WriteErrorThenRefusal,
    BodyError,
    SourceError,
    Deadline,
    ReplyThenEnd,
    PermanentThenEnd,
    TransientThenReset,
];

/// How the stream ends after the last byte that the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    End,
    Reset,
}

impl Injection {
    /// Whether a client sees a reply that stays away, or one that answers another command.
    pub(super) fn shows_a_shift(self) -> bool {
        matches!(self, HalfLineThenSilence | Deadline | WrongClass | Intermediate | Twice)
    }

    /// The code of a reply that takes the place of the usual one and answers the command.
    pub(super) fn refusal(self) -> Option<u16> {
        match self {
            Transient | TransientThenReset => Some(450),
            Permanent | PermanentThenEnd | WriteErrorThenRefusal => Some(550),
            TooMany => Some(452),
            Unavailable | UnavailableThenEnd => Some(421),
            _ => None,
        }
    }

    /// Whether the reply to a command was received as such before the connection ended, if it did.
    pub(super) fn answers(self) -> bool {
        self.refusal().is_some_and(|code| code != 421)
            || matches!(self, Twice | ReplyThenEnd | BodyError | SourceError)
    }

    /// How the stream ends by it.
    pub(super) fn ending(self) -> Option<Ending> {
        match self {
            UnavailableThenEnd
            | End
            | HalfLineThenEnd
            | ReplyThenEnd
            | PermanentThenEnd
            | WriteErrorThenRefusal => Some(Ending::End),
            Reset | TransientThenReset => Some(Ending::Reset),
            _ => None,
        }
    }

    /// Whether the server still answers what follows.
    pub(super) fn goes_on(self) -> bool {
        matches!(self, Transient | Permanent | TooMany | Twice | BodyError | SourceError)
    }

    /// Whether nothing but the clock ends the wait for what follows.
    pub(super) fn is_silent(self) -> bool {
        matches!(self, HalfLineThenSilence | WriteError | Deadline)
    }

    pub(super) fn breaks_writing(self) -> bool {
        matches!(self, WriteError | WriteErrorThenRefusal)
    }

    /// The line of the server. `usual` is the code that accepts the command, `number` stands in the
    /// text of each reply.
    pub(super) fn say(self, usual: u16, number: usize) -> String {
        let mut said = String::new();
        let _ = match self {
            Transient | TransientThenReset => write!(said, "450 4.3.0 not now #{number}\r\n"),
            Permanent | PermanentThenEnd | WriteErrorThenRefusal => {
                write!(said, "550 5.7.1 no #{number}\r\n")
            }
            TooMany => write!(said, "452 4.5.3 too many #{number}\r\n"),
            Unavailable | UnavailableThenEnd => write!(said, "421 4.3.2 closing #{number}\r\n"),
            Goodbye => write!(said, "221 2.0.0 goodbye #{number}\r\n"),
            End | Reset | WriteError | Deadline | BodyError | SourceError => Ok(()),
            HalfLineThenEnd | HalfLineThenSilence => write!(said, "{usual} hal"),
            Garbage => write!(said, "bogus #{number}\r\n"),
            WrongClass if usual == 354 => write!(said, "250 2.0.0 what? #{number}\r\n"),
            WrongClass => write!(said, "150 what? #{number}\r\n"),
            Intermediate if usual == 354 => write!(said, "350 more #{number}\r\n"),
            Intermediate => write!(said, "354 more #{number}\r\n"),
            OtherCode => write!(said, "{usual}-one #{number}\r\n{} two\r\n", usual + 1),
            BareLineFeed => writeln!(said, "{usual} ok #{number}"),
            LongLine => write!(said, "{usual} {:x<600} #{number}\r\n", "x"),
            Endless => write!(said, "{usual}-and #{number}\r\n"),
            Early | ReplyThenEnd => write!(said, "{usual} ok #{number}\r\n"),
            Twice => write!(said, "{usual} ok #{number}\r\n{usual} ok #{number}\r\n"),
        };
        said
    }
}
