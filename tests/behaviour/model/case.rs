//! One case of the model test: messages, and the calls that send them.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::plan::{Plan, Protocol, plans};

/// A session: a server and what a client does with it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) mode: Mode,
    pub(super) plan: Plan,
    pub(super) messages: Vec<Message>,
}

/// The calls that send the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// `deliver` for each message.
    Deliver(Way),
    /// `deliver_all` for all messages.
    DeliverAll(Way),
    /// `deliver_stream` for all messages.
    DeliverStream(Way),
    /// `feed`, and each message submitted to it.
    Feed(Way),
    /// `mail`, `rcpt` and `data`.
    TypedData,
    /// `mail`, `rcpt` and `bdat`, with chunks of so many bytes.
    TypedBdat(usize),
    /// `pipeline().mail().each().data()` for each message.
    Pipeline,
    /// The same for two messages at a time.
    PipelinePairs,
}

/// The transfer of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Data,
    /// In chunks of so many bytes.
    Chunks(usize),
    /// In chunks of so many bytes, with so many messages and bytes in flight.
    Eager(usize, usize, u64),
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) recipients: usize,
    /// The policy, where there are policies.
    pub(super) policy: Policy,
    pub(super) kind: Kind,
    /// The lines that follow the one with the message's id.
    pub(super) lines: Vec<&'static str>,
    /// How often the lines are repeated.
    pub(super) times: usize,
    pub(super) line_end: LineEnd,
    /// The last line ends as the others do.
    pub(super) ends_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    AnyAccepted,
    Whole,
    AllOrNothing,
}

/// How the body is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Owned,
    Borrowed,
    /// A source of pieces of so many bytes, with so many milliseconds before each.
    Stream(usize, u16),
    /// Made for each transaction: its last line names the recipients.
    Each,
    /// A source that fails after so many pieces of ten bytes.
    Fails(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    Lf,
    CrLf,
}

impl Mode {
    /// The transfer of `deliver` and its like.
    pub(super) fn way(self) -> Option<Way> {
        match self {
            Self::Deliver(way)
            | Self::DeliverAll(way)
            | Self::DeliverStream(way)
            | Self::Feed(way) => Some(way),
            Self::TypedData | Self::TypedBdat(_) | Self::Pipeline | Self::PipelinePairs => None,
        }
    }

    /// The same calls with another transfer.
    pub(super) fn with_way(self, way: Way) -> Self {
        match self {
            Self::Deliver(_) => Self::Deliver(way),
            Self::DeliverAll(_) => Self::DeliverAll(way),
            Self::DeliverStream(_) => Self::DeliverStream(way),
            Self::Feed(_) => Self::Feed(way),
            other => other,
        }
    }

    /// The size of its chunks.
    pub(super) fn chunk_size(&mut self) -> Option<&mut usize> {
        match self {
            Self::TypedBdat(size) => Some(size),
            Self::Deliver(way)
            | Self::DeliverAll(way)
            | Self::DeliverStream(way)
            | Self::Feed(way) => match way {
                Way::Data => None,
                Way::Chunks(size) | Way::Eager(size, ..) => Some(size),
            },
            Self::TypedData | Self::Pipeline | Self::PipelinePairs => None,
        }
    }

    /// Whether recipients that do not fit into a transaction get another one.
    pub(super) fn splits(self) -> bool {
        self.way().is_some()
    }

    /// Whether the content travels with DATA to a server of these offers.
    pub(super) fn uses_data(self, chunking: bool) -> bool {
        match self.way() {
            Some(way) => way == Way::Data || !chunking,
            None => !matches!(self, Self::TypedBdat(_)),
        }
    }
}

impl Message {
    /// A short message to so many recipients.
    pub(super) fn to(recipients: usize) -> Self {
        Self {
            recipients,
            policy: Policy::AnyAccepted,
            kind: Kind::Owned,
            lines: Vec::new(),
            times: 1,
            line_end: LineEnd::CrLf,
            ends_line: true,
        }
    }

    /// The text as the caller has it. Its first line says which message it is.
    pub(super) fn text(&self, index: usize) -> Vec<u8> {
        let end = match self.line_end {
            LineEnd::Lf => "\n",
            LineEnd::CrLf => "\r\n",
        };
        let mut text = format!("Id: m{index}{end}");
        for _ in 0..self.times {
            for line in &self.lines {
                text.extend([line, end]);
            }
        }
        if !self.ends_line {
            text.truncate(text.len() - end.len());
        }
        text.into_bytes()
    }

    /// The message as a server must get it: every line ends with CRLF (RFC 5321 §2.3.8).
    pub(super) fn content(&self, index: usize) -> Vec<u8> {
        let text = self.text(index);
        let lines = text.strip_suffix(b"\n").unwrap_or(&text).split(|&byte| byte == b'\n');
        let mut content = Vec::new();
        for line in lines {
            content.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            content.extend_from_slice(b"\r\n");
        }
        content
    }

    pub(super) fn is_eight_bit(&self) -> bool {
        self.times > 0 && self.lines.iter().any(|line| !line.is_ascii())
    }

    pub(super) fn is_in_memory(&self) -> bool {
        matches!(self.kind, Kind::Owned | Kind::Borrowed)
    }

    pub(super) fn is_all_or_nothing(&self) -> bool {
        self.policy == Policy::AllOrNothing
    }

    /// Whether it may be sent in more than one transaction.
    pub(super) fn may_split(&self) -> bool {
        self.policy == Policy::AnyAccepted && (self.is_in_memory() || self.kind == Kind::Each)
    }

    /// The message as a server must get it in a transaction for these recipients.
    pub(super) fn content_for(&self, index: usize, recipients: &[String]) -> Vec<u8> {
        let mut content = self.content(index);
        if self.kind == Kind::Each {
            content.extend_from_slice(format!("For: {}\r\n", recipients.join(" ")).as_bytes());
        }
        content
    }

    /// Whether the source ends with an error.
    pub(super) fn fails(&self) -> bool {
        matches!(self.kind, Kind::Fails(_))
    }
}

/// A recipient by name: of message 2 the first one is `m2r0@example.org`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Recipient {
    pub(super) message: usize,
    pub(super) number: usize,
}

impl Recipient {
    pub(super) fn parse(address: &str) -> Option<Self> {
        let (message, number) = address.strip_suffix("@example.org")?.split_once('r')?;
        Some(Self {
            message: message.strip_prefix('m')?.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "m{}r{}@example.org", self.message, self.number)
    }
}

/// The address of a message's sender.
pub(super) fn sender(message: usize) -> String {
    format!("m{message}@example.com")
}

/// The message of a sender.
pub(super) fn sent_by(sender: &str) -> Option<usize> {
    sender.strip_prefix('m')?.strip_suffix("@example.com")?.parse().ok()
}

/// Sessions of this protocol and mode.
pub(super) fn cases(
    protocol: Protocol,
    mode: impl Strategy<Value = Mode>,
) -> impl Strategy<Value = Case> {
    (mode, plans(protocol), vec(messages(), 1..7)).prop_map(|(mode, plan, messages)| {
        let mut case = Case { mode, plan, messages };
        case.bound();
        case
    })
}

impl Case {
    /// Bytes of all messages.
    pub(super) fn bytes(&self) -> usize {
        let messages = self.messages.iter().enumerate();
        messages.map(|(index, message)| message.text(index).len()).sum()
    }

    /// Bounds the number of pieces: a large message in pieces of one byte only takes time.
    fn bound(&mut self) {
        let least = self.bytes() / 1000;
        let pace = &mut self.plan.pace;
        for piece in [&mut pace.pieces.room, &mut pace.pieces.client_writes, &mut pace.server_reads]
        {
            *piece = (*piece).max(least);
        }
        for message in &mut self.messages {
            if let Kind::Stream(piece, _) = &mut message.kind {
                *piece = (*piece).max(least);
            }
        }
        if let Some(chunk) = self.mode.chunk_size() {
            *chunk = (*chunk).max(least);
        }
    }
}

/// Chunks, from one that holds everything down to a few bytes.
pub(super) fn chunk_sizes() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(1 << 18), 2 => 1_usize..100]
}

/// Windows of one message, of a few, of more than there are.
pub(super) fn windows() -> impl Strategy<Value = (usize, u64)> {
    (prop_oneof![Just(8), 1_usize..4], prop_oneof![3 => Just(1 << 20), 1 => 1_u64..200])
}

fn messages() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![
        4 => Just(Kind::Owned),
        2 => Just(Kind::Borrowed),
        2 => Just(Kind::Each),
        3 => (1_usize..80, prop_oneof![3 => Just(0), 1 => 1_u16..3000])
            .prop_map(|(bytes, pause)| Kind::Stream(bytes, pause)),
    ];
    let fails = weighted(0.03, 0_usize..4);
    let line = prop_oneof![
        30 => Just("text"),
        5 => Just(""),
        10 => Just("."),
        10 => Just(".."),
        10 => Just(".text"),
        10 => Just("a line of seventy characters, which is about what a mail has in one line"),
        1 => Just("gr\u{fc}n"),
    ];
    let times = prop_oneof![50 => Just(1_usize), 9 => 2_usize..60, 1 => 3000_usize..5000];
    let line_end = prop_oneof![Just(LineEnd::CrLf), Just(LineEnd::Lf)];
    let text = (vec(line, 0..6), times, line_end, prop_oneof![3 => Just(true), 1 => Just(false)]);
    let policy = prop_oneof![
        5 => Just(Policy::AnyAccepted),
        1 => Just(Policy::Whole),
        1 => Just(Policy::AllOrNothing),
    ];
    (1_usize..6, policy, kind, fails, text).prop_map(
        |(recipients, policy, kind, fails, (lines, times, line_end, ends_line))| Message {
            recipients,
            policy,
            kind: fails.map_or(kind, Kind::Fails),
            lines,
            times,
            line_end,
            ends_line,
        },
    )
}
