//! Sessions that went wrong once, shrunk, each named after what must hold.
//!
//! A survey prints the code of a case like these.

use super::case::Mode::{Deliver, DeliverAll, TypedBdat};
use super::case::Way::{Chunks, Data, Eager};
use super::case::{Case, Kind, Message, Mode, Policy};
use super::plan::Answer::{No, Yes};
use super::plan::Moment::{Command, Content, Reply, Whole};
use super::plan::TooMany::{Plain452, Plain552};
use super::plan::{ALL, Cut, Moment, NoRecipients, Plan, Protocol};
use super::survey::{show, verdict};
use super::wire::End::{self, Close};

/// Eager, with room for everything.
const EAGER: Mode = DeliverAll(Eager(1 << 18, 8, 1 << 20));

/// A case that differs from the quiet server's in this.
pub(super) fn case<const N: usize>(
    mode: Mode,
    messages: [Message; N],
    change: impl Fn(&mut Plan),
) -> Case {
    let mut plan = Plan::quiet();
    change(&mut plan);
    Case { mode, plan, messages: messages.into() }
}

fn cut(at: Moment, how: End) -> Cut {
    Cut { at, goodbye: None, how }
}

fn holds<const N: usize>(mode: Mode, messages: [Message; N], change: impl Fn(&mut Plan)) {
    let case = case(mode, messages, change);
    assert!(verdict(&case).is_empty(), "\n{}", show(&case));
}

fn fails() -> Message {
    Message { kind: Kind::Fails(0), ..Message::to(1) }
}

#[test]
fn a_refused_mail_is_refused_also_when_the_connection_ends() {
    for how in [Close, End::CloseDeaf, End::Reset, End::Silence] {
        holds(Deliver(Data), [Message::to(1)], |plan| {
            plan.offers.pipelining = true;
            plan.mail = vec![No(550, true)];
            plan.cut = Some(cut(Reply(0, ALL), how));
        });
    }
}

#[test]
fn a_refused_rcpt_is_refused_also_when_the_connection_ends() {
    for pipelining in [false, true] {
        holds(DeliverAll(Data), [Message::to(2)], |plan| {
            plan.offers.pipelining = pipelining;
            plan.rcpt = vec![No(450, false)];
            plan.cut = Some(cut(Command(2), Close));
        });
    }
}

#[test]
fn a_refused_chunk_is_refused_also_when_the_connection_ends() {
    for mode in [Deliver(Chunks(4)), DeliverAll(Eager(4, 8, 1 << 20)), TypedBdat(4)] {
        holds(mode, [Message::to(1)], |plan| {
            plan.offers.pipelining = true;
            plan.offers.chunking = true;
            plan.chunk = vec![No(552, true)];
            plan.cut = Some(cut(Reply(2, ALL), Close));
        });
    }
}

#[test]
fn a_chunk_that_is_refused_before_it_has_arrived_is_refused() {
    holds(TypedBdat(4), [Message::to(1)], |plan| {
        plan.offers.pipelining = true;
        plan.offers.chunking = true;
        plan.cut = Some(Cut { at: Content(0), goodbye: Some(554), how: Close });
    });
}

/// RSET after a refused message may come to nothing; the replies that were read stay.
#[test]
fn each_recipient_keeps_its_reply_when_rset_is_not_answered() {
    for goodbye in [None, Some(421)] {
        holds(Deliver(Data), [Message::to(2)], |plan| {
            plan.offers.pipelining = true;
            plan.no_recipients = NoRecipients::Says554;
            plan.rcpt = vec![No(450, true), No(550, true)];
            plan.cut = Some(Cut { at: Command(4), goodbye, how: Close });
        });
    }
}

#[test]
fn all_or_nothing_is_transient_as_long_as_a_recipient_is() {
    holds(Deliver(Data), [Message { policy: Policy::AllOrNothing, ..Message::to(3) }], |plan| {
        plan.rcpt = vec![Yes, No(450, false), No(550, false)];
    });
}

#[test]
fn a_server_that_refuses_what_follows_a_final_dot_gets_every_message() {
    for room in [ALL, 36, 1] {
        holds(DeliverAll(Data), [Message::to(1), Message::to(1), Message::to(1)], |plan| {
            plan.offers.pipelining = true;
            plan.suspicious = true;
            plan.pace.pieces.room = room;
        });
    }
}

#[test]
fn recipients_that_no_rcpt_has_named_are_not_sent() {
    holds(Deliver(Data), [Message::to(3)], |plan| {
        plan.most_recipients = Some((1, Plain452));
        plan.cut = Some(cut(Whole(0), Close));
    });
    holds(Deliver(Data), [Message::to(3)], |plan| {
        plan.offers.pipelining = true;
        plan.offers.rcpt_max = true;
        plan.most_recipients = Some((1, Plain452));
        plan.cut = Some(cut(Whole(0), Close));
    });
}

#[test]
fn recipients_of_a_transaction_that_was_accepted_have_the_message() {
    holds(Deliver(Data), [Message::to(2)], |plan| {
        plan.most_recipients = Some((1, Plain452));
        plan.cut = Some(cut(Whole(1), Close));
    });
}

/// Both messages wait for another transaction at once.
#[test]
fn two_messages_that_are_split_are_both_reported() {
    holds(DeliverAll(Data), [Message::to(2), Message::to(2)], |plan| {
        plan.offers.pipelining = true;
        plan.offers.rcpt_max = true;
        plan.most_recipients = Some((1, Plain452));
        plan.rcpt = vec![Yes, No(550, false)];
    });
    holds(EAGER, [Message::to(3), Message::to(2)], |plan| {
        plan.offers.pipelining = true;
        plan.offers.chunking = true;
        plan.most_recipients = Some((1, Plain452));
    });
}

/// The content had left for it once more.
#[test]
fn a_recipient_that_is_asked_again_may_have_the_message() {
    holds(EAGER, [Message::to(2)], |plan| {
        plan.offers.pipelining = true;
        plan.offers.chunking = true;
        plan.most_recipients = Some((1, Plain452));
        plan.cut = Some(cut(Reply(4, ALL), Close));
    });
}

/// 552 to RCPT is 452 of a server that follows RFC 821 (RFC 5321 §4.5.3.1.10).
#[test]
fn a_recipient_that_is_asked_again_and_not_answered_is_not_refused_for_good() {
    for goodbye in [None, Some(421)] {
        holds(Deliver(Data), [Message::to(2)], |plan| {
            plan.most_recipients = Some((1, Plain552));
            plan.cut = Some(Cut { at: Command(5), goodbye, how: Close });
        });
    }
}

/// `503 MAIL first` is not the reason.
#[test]
fn recipients_after_a_refused_mail_are_refused_as_it_is() {
    holds(Deliver(Data), [Message::to(2)], |plan| {
        plan.offers.pipelining = true;
        plan.mail = vec![Yes, No(450, false)];
        plan.most_recipients = Some((1, Plain452));
    });
}

#[test]
fn a_source_that_fails_in_chunks_does_not_end_the_connection() {
    for mode in [Deliver(Chunks(4)), EAGER, TypedBdat(4)] {
        for pipelining in [false, true] {
            holds(mode, [Message::to(1), fails(), Message::to(1)], |plan| {
                plan.offers.pipelining = pipelining;
                plan.offers.chunking = true;
            });
        }
    }
}

#[test]
fn a_refused_chunk_decides_also_of_a_source_that_fails() {
    let message = Message { kind: Kind::Fails(2), lines: vec!["text"], ..Message::to(1) };
    holds(TypedBdat(1), [message], |plan| {
        plan.offers.pipelining = true;
        plan.offers.chunking = true;
        plan.cut = Some(Cut { at: Content(0), goodbye: Some(554), how: Close });
    });
}

#[test]
fn a_chunk_refused_early_leaves_a_goodbye_to_the_next_call() {
    holds(Deliver(Chunks(262_144)), [Message::to(1), Message::to(1)], |plan| {
        plan.offers.chunking = true;
        plan.end = vec![No(450, false)];
        plan.refuses_chunks_early = true;
        plan.cut = Some(Cut { at: Content(0), goodbye: Some(421), how: Close });
        plan.pace.pieces.client_reads = 1;
    });
}

#[test]
fn recipients_that_were_not_named_may_be_tried_again() {
    holds(Deliver(Data), [Message::to(2)], |plan| {
        plan.offers.rcpt_max = true;
        plan.offers.mail_max = Some(1);
        plan.rcpt = vec![No(550, false)];
        plan.most_recipients = Some((1, Plain452));
    });
}

#[test]
fn a_source_that_fails_is_the_fault_of_no_other_message() {
    let breaks = Message { kind: Kind::Fails(1), ..Message::to(1) };
    holds(DeliverAll(Data), [Message::to(2), breaks], |plan| {
        plan.offers.pipelining = true;
        plan.offers.rcpt_max = true;
        plan.rcpt = vec![No(450, false)];
        plan.most_recipients = Some((1, Plain452));
        plan.no_recipients = NoRecipients::Says354;
    });
}

/// The reply to the first transaction, for its recipient, is not about those of a later one.
#[test]
fn a_recipient_that_waits_is_not_refused_by_the_reply_for_another() {
    for protocol in [Protocol::Prdr, Protocol::Lmtp] {
        holds(Deliver(Data), [Message::to(4)], |plan| {
            plan.protocol = protocol;
            plan.rcpt = vec![Yes, Yes, No(550, false)];
            plan.own = vec![No(450, false)];
            plan.most_recipients = Some((1, Plain452));
        });
    }
}

/// A server that refuses RSET as too early takes recipients into the transaction it has kept: the
/// message begins again all the same.
#[test]
fn a_message_that_begins_again_after_its_recipients_were_accepted() {
    let policy = Message { policy: Policy::AllOrNothing, ..Message::to(1) };
    holds(DeliverAll(Data), [Message::to(1), policy], |plan| {
        plan.offers.pipelining = true;
        plan.end = vec![No(450, false)];
        plan.keeps_transaction = true;
        plan.suspicious = true;
        plan.pace.pieces.room = 2;
    });
}
