//! The plan of the model server for one session. Proptest makes plans and shrinks them to the quiet
//! server that offers nothing, accepts everything and answers at once.

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;

use super::wire::{End, Segmentation};

/// The behaviour of the server in one session.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) protocol: Protocol,
    pub(super) offers: Offers,
    /// The reply to each MAIL, in the order in which they come; accepted where the list ends.
    pub(super) mail: Vec<Answer>,
    /// The reply to each RCPT.
    pub(super) rcpt: Vec<Answer>,
    /// The reply to each DATA.
    pub(super) data: Vec<Answer>,
    /// The reply to each BDAT without LAST.
    pub(super) chunk: Vec<Answer>,
    /// The final reply to each message.
    pub(super) end: Vec<Answer>,
    /// The reply for each recipient of a message, where each has its own.
    pub(super) own: Vec<Answer>,
    /// Whether each message for which PRDR was asked is announced with 353; it is where the list
    /// ends.
    pub(super) announces: Vec<bool>,
    /// A chunk that is refused is refused before it has arrived.
    pub(super) refuses_chunks_early: bool,
    /// How many recipients a transaction takes, and what each further one is told.
    pub(super) most_recipients: Option<(usize, TooMany)>,
    /// The reply to DATA when no recipient was accepted.
    pub(super) no_recipients: NoRecipients,
    /// A transaction outlives its message when that is refused, as in Postfix.
    pub(super) keeps_transaction: bool,
    /// Commands that came before the reply to the final dot are answered with 503.
    pub(super) suspicious: bool,
    /// Every reply has two lines.
    pub(super) two_line_replies: bool,
    pub(super) cut: Option<Cut>,
    pub(super) pace: Pace,
}

/// The protocol of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Smtp,
    /// SMTP with a server that offers PRDR: where it is asked for, 353 announces a reply to the
    /// message for each recipient, and one more for all.
    Prdr,
    /// LMTP: a reply to the message for each recipient (RFC 2033 §4.2).
    Lmtp,
}

/// The keywords of the reply to EHLO.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offers {
    pub(super) pipelining: bool,
    pub(super) chunking: bool,
    pub(super) eight_bit: bool,
    /// Bytes of the largest message.
    pub(super) size: Option<usize>,
    /// LIMITS RCPTMAX says what `most_recipients` is.
    pub(super) rcpt_max: bool,
    /// LIMITS MAILMAX.
    pub(super) mail_max: Option<usize>,
}

/// A reply that the plan decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    /// The code, and whether an enhanced code follows it.
    No(u16, bool),
}

/// One recipient too many (RFC 5321 §4.5.3.1.10).
#[derive(Clone, Copy, Debug)]
pub(super) enum TooMany {
    Plain452,
    Enhanced452,
    /// Of a server that follows RFC 821.
    Plain552,
    Enhanced552,
}

/// The reply to DATA or BDAT without recipients (RFC 5321 §3.3, RFC 2920 §3.1).
#[derive(Clone, Copy, Debug)]
pub(super) enum NoRecipients {
    Says503,
    Says554,
    /// 354, and 554 to the content.
    Says354,
    /// 354, and 250 to the content, which is thrown away.
    Says250,
}

/// The end of a connection that neither side asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) at: Moment,
    /// The code that the server says first, where a reply may stand there.
    pub(super) goodbye: Option<u16>,
    pub(super) how: End,
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// At this command after EHLO, counted from 0, which is not obeyed any more.
    Command(usize),
    /// In content, after so many bytes of all content.
    Content(usize),
    /// After this message had arrived whole, counted from 0. It is not delivered.
    Whole(usize),
    /// In this reply after EHLO, counted from 0, after so many of its bytes.
    Reply(usize, usize),
    /// Before this reply to a message for one recipient, counted from 0.
    Own(usize),
}

/// How fast bytes move, and in which pieces.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    pub(super) pieces: Segmentation,
    /// Bytes that the server reads at a time.
    pub(super) server_reads: usize,
    /// Bytes of a reply that the server says at a time.
    pub(super) server_says: usize,
    /// The event between two such pieces.
    pub(super) between: Between,
    /// Milliseconds before each reply.
    pub(super) delays: Vec<u16>,
}

/// An event between two pieces of the server's replies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Between {
    /// Nothing: the replies to all that the server has read arrive together.
    Nothing,
    /// The client may read.
    Response,
    /// A millisecond passes.
    Moment,
}

/// As much as there is.
pub(super) const ALL: usize = 1 << 30;

impl Plan {
    /// The quiet server.
    pub(super) fn quiet() -> Self {
        Self {
            protocol: Protocol::Smtp,
            offers: Offers::default(),
            mail: Vec::new(),
            rcpt: Vec::new(),
            data: Vec::new(),
            chunk: Vec::new(),
            end: Vec::new(),
            own: Vec::new(),
            announces: Vec::new(),
            refuses_chunks_early: false,
            most_recipients: None,
            no_recipients: NoRecipients::Says503,
            keeps_transaction: false,
            suspicious: false,
            two_line_replies: false,
            cut: None,
            pace: Pace {
                pieces: Segmentation {
                    room: ALL,
                    client_reads: ALL,
                    client_writes: ALL,
                    vectored: false,
                },
                server_reads: ALL,
                server_says: ALL,
                between: Between::Nothing,
                delays: Vec::new(),
            },
        }
    }

    /// The most recipients of a transaction.
    pub(super) fn rcpt_max(&self) -> Option<usize> {
        self.most_recipients.map(|(most, _)| most)
    }
}

impl TooMany {
    pub(super) fn code(self) -> u16 {
        match self {
            Self::Plain452 | Self::Enhanced452 => 452,
            Self::Plain552 | Self::Enhanced552 => 552,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Plain452 | Self::Plain552 => "too many recipients",
            Self::Enhanced452 => "4.5.3 too many recipients",
            Self::Enhanced552 => "5.5.3 too many recipients",
        }
    }
}

/// Plans of all kinds.
pub(super) fn plans(protocol: Protocol) -> impl Strategy<Value = Plan> {
    let refusals = (
        answers(&[450, 451, 452, 503, 550, 552, 553]),
        answers(&[450, 451, 452, 550, 551, 552, 553, 554]),
        answers(&[451, 503, 554]),
        answers(&[451, 452, 552, 554]),
        answers(&[450, 451, 452, 550, 552, 554]),
        answers(&[450, 451, 452, 550, 552, 554]),
        vec(any::<bool>(), 0..4),
    );
    let habits = (
        any::<bool>(),
        weighted(0.3, (1_usize..4, too_many())),
        proptest::sample::select(
            &[
                NoRecipients::Says503,
                NoRecipients::Says554,
                NoRecipients::Says354,
                NoRecipients::Says250,
            ][..],
        ),
        any::<bool>(),
        prop_oneof![5 => Just(false), 1 => Just(true)],
        any::<bool>(),
    );
    (offers(), refusals, habits, weighted(0.4, cuts(protocol)), paces()).prop_map(
        move |(offers, (mail, rcpt, data, chunk, end, own, announces), habits, cut, pace)| {
            let (
                early,
                most_recipients,
                no_recipients,
                keeps_transaction,
                suspicious,
                two_line_replies,
            ) = habits;
            Plan {
                protocol,
                offers,
                mail,
                rcpt,
                data,
                chunk,
                end,
                own,
                announces,
                refuses_chunks_early: early,
                most_recipients,
                no_recipients,
                keeps_transaction,
                suspicious,
                two_line_replies,
                cut,
                pace,
            }
        },
    )
}

fn offers() -> impl Strategy<Value = Offers> {
    let often = || prop_oneof![1 => Just(false), 5 => Just(true)];
    let size = weighted(0.2, prop_oneof![Just(1 << 20), 40_usize..400]);
    let mail_max = weighted(0.1, 1_usize..5);
    (often(), often(), any::<bool>(), size, any::<bool>(), mail_max).prop_map(
        |(pipelining, chunking, eight_bit, size, rcpt_max, mail_max)| Offers {
            pipelining,
            chunking,
            eight_bit,
            size,
            rcpt_max,
            mail_max,
        },
    )
}

/// Mostly acceptance: a session of refusals alone sees little.
fn answers(codes: &'static [u16]) -> impl Strategy<Value = Vec<Answer>> {
    let no = (proptest::sample::select(codes), any::<bool>())
        .prop_map(|(code, enhanced)| Answer::No(code, enhanced));
    prop_oneof![
        2 => Just(Vec::new()),
        1 => vec(prop_oneof![3 => Just(Answer::Yes), 2 => no], 0..6),
    ]
}

fn too_many() -> impl Strategy<Value = TooMany> {
    prop_oneof![
        Just(TooMany::Plain452),
        Just(TooMany::Enhanced452),
        Just(TooMany::Plain552),
        Just(TooMany::Enhanced552),
    ]
}

fn cuts(protocol: Protocol) -> impl Strategy<Value = Cut> {
    let at = prop_oneof![
        3 => (0_usize..24).prop_map(Moment::Command),
        2 => prop_oneof![3 => 0_usize..300, 1 => 0_usize..6000].prop_map(Moment::Content),
        1 => (0_usize..4).prop_map(Moment::Whole),
        4 => (0_usize..24, prop_oneof![Just(ALL), Just(0), 1_usize..12])
            .prop_map(|(reply, bytes)| Moment::Reply(reply, bytes)),
        if protocol == Protocol::Smtp { 0 } else { 4 } => (0_usize..12).prop_map(Moment::Own),
    ];
    let how = prop_oneof![
        4 => Just(End::Close),
        2 => Just(End::CloseDeaf),
        2 => Just(End::Reset),
        1 => Just(End::ResetAndForget),
        1 => Just(End::Silence),
    ];
    (at, of(prop_oneof![3 => Just(421), 1 => Just(554), 1 => Just(452)]), how).prop_map(
        |(at, goodbye, how)| {
            // Only in the middle of content is another reply than 421 a plausible last word.
            let goodbye = match at {
                Moment::Content(_) => goodbye,
                Moment::Reply(..) => None,
                Moment::Command(_) | Moment::Whole(_) | Moment::Own(_) => goodbye.map(|_| 421),
            };
            Cut { at, goodbye, how }
        },
    )
}

fn paces() -> impl Strategy<Value = Pace> {
    let piece = || prop_oneof![3 => Just(ALL), 1 => 1_usize..8, 1 => 8_usize..200];
    let room = prop_oneof![3 => Just(ALL), 1 => 1_usize..64, 1 => 64_usize..5000];
    let delays = prop_oneof![
        3 => Just(Vec::new()),
        1 => vec(prop_oneof![Just(0), 1_u16..100, 1000_u16..9000], 0..6),
    ];
    let between =
        prop_oneof![Just(Between::Nothing), Just(Between::Response), Just(Between::Moment)];
    let pieces = (room, piece(), piece(), any::<bool>()).prop_map(
        |(room, client_reads, client_writes, vectored)| Segmentation {
            room,
            client_reads,
            client_writes,
            vectored,
        },
    );
    (pieces, piece(), piece(), between, delays).prop_map(
        |(pieces, server_reads, server_says, between, delays)| Pace {
            pieces,
            server_reads,
            server_says,
            between,
            delays,
        },
    )
}
