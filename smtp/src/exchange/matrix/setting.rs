//! The setting of a cell: which exchange, in which mode, against which server, from which source,
//! and what goes wrong where.

use super::bench::{Pace, Place};
use super::injection::Injection;
use super::messages::PIECE;
use super::nature::Nature;
use super::server::Entry;
use super::sources::Waits;
use crate::message::transfer::Transfer;

/// An exchange, with what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    Hello,
    /// Of a server that does not know EHLO.
    HelloOld,
    Command,
    Dialog,
    Sasl,
    /// The message of a transaction whose commands were answered one at a time.
    SendData,
    SendOwn,
    SendBdat,
    /// One message.
    One,
    /// Three messages of two recipients each.
    Three,
    Feed,
    /// Two messages.
    Group,
    /// Two messages and QUIT.
    GroupQuit,
    Watch,
    Parting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Lockstep,
    Pipelined,
    LockstepChunks,
    Chunks,
    Eager,
    /// LMTP, with PIPELINING.
    Lmtp,
    LmtpChunks,
    /// PRDR, with PIPELINING.
    Prdr,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Memory,
    /// Each piece is waited for, and so is each message.
    Stream,
    /// Each body is made for its transaction, in pieces that are waited for.
    Each,
    /// More than may be queued at once.
    Large,
}

/// A cell of the matrix; without a fault it is what the others are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) scene: Scene,
    pub(super) mode: Mode,
    pub(super) nature: Nature,
    pub(super) source: Source,
    pub(super) pace: Pace,
    pub(super) strike: Option<(Place, Injection)>,
    /// Questions of a dialogue before the fault.
    pub(super) questions: usize,
    /// Whether the connection can be used afterwards.
    pub(super) survives: bool,
}

/// The places where a fault can strike, as a cell without a fault shows them.
#[derive(Debug)]
pub(super) struct Trace {
    /// Replies and bytes of the setup.
    pub(super) first: usize,
    pub(super) begun_at: u64,
    pub(super) log: Vec<Entry>,
    pub(super) contents: Vec<(u64, u64)>,
    pub(super) waits: Vec<Waits>,
    pub(super) had_no_room: bool,
}

impl Scene {
    /// Whether there is a message.
    pub(super) fn sends(self) -> bool {
        use Scene::{Command, Dialog, Hello, HelloOld, Parting, Sasl, Watch};
        !matches!(self, Hello | HelloOld | Command | Dialog | Sasl | Watch | Parting)
    }
}

impl Mode {
    /// The extensions that the server offers.
    pub(super) fn offers(self) -> &'static [&'static str] {
        match self {
            Self::Lockstep => &[],
            Self::Pipelined | Self::Lmtp => &["PIPELINING"],
            Self::LockstepChunks => &["CHUNKING"],
            Self::Chunks | Self::Eager | Self::LmtpChunks => &["PIPELINING", "CHUNKING"],
            Self::Prdr => &["PIPELINING", "PRDR"],
        }
    }

    pub(super) fn transfer(self, source: Source) -> Transfer {
        let transfer = match self {
            Self::Lockstep | Self::Pipelined | Self::Lmtp | Self::Prdr => Transfer::data(),
            Self::LockstepChunks | Self::Chunks | Self::LmtpChunks => Transfer::chunks(),
            Self::Eager => Transfer::eager(),
        };
        match source {
            Source::Memory => transfer,
            // So that a message has several.
            Source::Stream | Source::Each => transfer.chunk_size(40),
            Source::Large => transfer.chunk_size(PIECE),
        }
    }

    pub(super) fn has_chunks(self) -> bool {
        matches!(self, Self::LockstepChunks | Self::Chunks | Self::Eager | Self::LmtpChunks)
    }

    pub(super) fn is_lmtp(self) -> bool {
        matches!(self, Self::Lmtp | Self::LmtpChunks)
    }

    /// Whether each recipient may have a reply to the message.
    pub(super) fn answers_each(self) -> bool {
        self.is_lmtp() || self == Self::Prdr
    }

    /// Whether DATA leaves before the replies to the commands before it.
    pub(super) fn asks_ahead(self) -> bool {
        matches!(self, Self::Pipelined | Self::Lmtp | Self::Prdr)
    }
}
