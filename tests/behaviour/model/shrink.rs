//! The shrinker of sessions that break a rule: it looks for the smallest that still does.
//!
//! Proptest's own shrinking goes first. It changes one value at a time; but where a message is left
//! out, the lists of replies and the moment of the cut must change too, and that is tried here.

use proptest::strategy::ValueTree;

use super::case::{Case, Kind, LineEnd, Message, Mode, Policy, Way};
use super::plan::{ALL, Answer, Moment, NoRecipients, Plan};
use super::survey::verdict;
use super::wire::End;

/// The most work of each of the two ways, in bytes of content; a session costs a thousand.
const MAX_WORK: usize = 3_000_000;

/// Makes a case smaller for as long as it breaks this rule.
pub(super) fn shrink(mut tree: impl ValueTree<Value = Case>, rule: &str) -> Case {
    let mut left = MAX_WORK;
    let mut breaks = |case: &Case| {
        left = left.saturating_sub(1000 + case.bytes());
        left > 0 && verdict(case).iter().any(|violation| violation.rule == rule)
    };
    let mut smallest = tree.current();
    let mut moved = tree.simplify();
    while moved {
        let case = tree.current();
        moved = if breaks(&case) {
            smallest = case;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    let mut left = MAX_WORK;
    let mut breaks = |case: &Case| {
        left = left.saturating_sub(1000 + case.bytes());
        left > 0 && verdict(case).iter().any(|violation| violation.rule == rule)
    };
    while let Some(case) = smaller(&smallest).into_iter().find(&mut breaks) {
        smallest = case;
    }
    smallest
}

/// Cases that are a little smaller than this one.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    if case.messages.iter().any(|message| message.times > 1) {
        with_short_messages(case, &mut cases);
    }
    for index in 0..case.messages.len() {
        if case.messages.len() > 1 {
            without_message(case, index, &mut cases);
        }
        for message in smaller_messages(&case.messages[index]) {
            let mut smaller = case.clone();
            smaller.messages[index] = message;
            with_earlier_cuts(smaller, &mut cases);
        }
    }
    for mode in smaller_modes(case.mode) {
        with_earlier_cuts(Case { mode, ..case.clone() }, &mut cases);
    }
    for plan in smaller_plans(&case.plan) {
        with_earlier_cuts(Case { plan, ..case.clone() }, &mut cases);
    }
    earlier_cuts(case, &mut cases);
    cases
}

/// Without a message, and also without the replies to it.
fn without_message(case: &Case, index: usize, cases: &mut Vec<Case>) {
    let mut smaller = case.clone();
    smaller.messages.remove(index);
    with_earlier_cuts(smaller.clone(), cases);
    let recipients: usize = case.messages[..index].iter().map(|message| message.recipients).sum();
    let plan = &mut smaller.plan;
    for list in [&mut plan.mail, &mut plan.data, &mut plan.end] {
        if index < list.len() {
            list.remove(index);
        }
    }
    for _ in 0..case.messages[index].recipients {
        if recipients < plan.rcpt.len() {
            plan.rcpt.remove(recipients);
        }
    }
    with_earlier_cuts(smaller, cases);
}

/// With short messages, and with chunks that are shorter still.
fn with_short_messages(case: &Case, cases: &mut Vec<Case>) {
    let mut smaller = case.clone();
    for message in &mut smaller.messages {
        message.times = 1;
    }
    with_earlier_cuts(smaller.clone(), cases);
    if let Some(chunk) = smaller.mode.chunk_size() {
        *chunk = 4;
    }
    with_earlier_cuts(smaller, cases);
}

fn smaller_messages(message: &Message) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut with = |change: &dyn Fn(&mut Message)| {
        let mut smaller = message.clone();
        change(&mut smaller);
        messages.push(smaller);
    };
    if message.recipients > 1 {
        with(&|message| message.recipients -= 1);
    }
    if message.policy != Policy::AnyAccepted {
        with(&|message| message.policy = Policy::AnyAccepted);
    }
    match message.kind {
        Kind::Owned => {}
        Kind::Fails(0) | Kind::Borrowed | Kind::Each => with(&|message| message.kind = Kind::Owned),
        Kind::Fails(pieces) => with(&|message| message.kind = Kind::Fails(pieces - 1)),
        Kind::Stream(..) => {
            with(&|message| message.kind = Kind::Owned);
            with(&|message| message.kind = Kind::Stream(10, 0));
        }
    }
    for line in 0..message.lines.len() {
        with(&|message| {
            message.lines.remove(line);
        });
        if message.lines[line] != "text" {
            with(&|message| message.lines[line] = "text");
        }
    }
    if message.times > 1 {
        with(&|message| message.times = 1);
        with(&|message| message.times /= 2);
        with(&|message| message.times -= 1);
    }
    if message.line_end == LineEnd::Lf {
        with(&|message| message.line_end = LineEnd::CrLf);
    }
    if !message.ends_line {
        with(&|message| message.ends_line = true);
    }
    messages.retain(|smaller| format!("{smaller:?}") != format!("{message:?}"));
    messages
}

fn smaller_modes(mode: Mode) -> Vec<Mode> {
    const SIZE: usize = 1 << 18;
    let way = |way| match way {
        Way::Data => None,
        Way::Chunks(SIZE) | Way::Eager(SIZE, 8, ALL_BYTES) => Some(Way::Data),
        Way::Chunks(_) => Some(Way::Chunks(SIZE)),
        Way::Eager(size, 8, ALL_BYTES) if size != SIZE => Some(Way::Eager(SIZE, 8, ALL_BYTES)),
        Way::Eager(size, ..) => Some(Way::Eager(size, 8, ALL_BYTES)),
    };
    let smaller = match mode {
        Mode::TypedBdat(size) if size != SIZE => Some(Mode::TypedBdat(SIZE)),
        _ => mode.way().and_then(way).map(|way| mode.with_way(way)),
    };
    smaller.into_iter().collect()
}

const ALL_BYTES: u64 = 1 << 20;

fn smaller_plans(plan: &Plan) -> Vec<Plan> {
    let quiet = Plan::quiet();
    let mut plans = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut smaller = plan.clone();
        change(&mut smaller);
        plans.push(smaller);
    };
    let lists: [fn(&mut Plan) -> &mut Vec<Answer>; 6] = [
        |plan| &mut plan.mail,
        |plan| &mut plan.rcpt,
        |plan| &mut plan.data,
        |plan| &mut plan.chunk,
        |plan| &mut plan.end,
        |plan| &mut plan.own,
    ];
    for list in lists {
        for index in 0..list(&mut plan.clone()).len() {
            with(&|plan| {
                list(plan).remove(index);
            });
            with(&|plan| list(plan)[index] = Answer::Yes);
            with(&|plan| {
                if let Answer::No(_, enhanced) = &mut list(plan)[index] {
                    *enhanced = false;
                }
            });
        }
    }
    with(&|plan| plan.announces.clear());
    with(&|plan| plan.offers.chunking = false);
    with(&|plan| plan.offers.pipelining = false);
    with(&|plan| plan.offers.eight_bit = false);
    with(&|plan| plan.offers.rcpt_max = false);
    with(&|plan| plan.offers.size = None);
    with(&|plan| plan.offers.mail_max = None);
    with(&|plan| plan.most_recipients = None);
    with(&|plan| plan.no_recipients = NoRecipients::Says503);
    with(&|plan| plan.refuses_chunks_early = false);
    with(&|plan| plan.keeps_transaction = false);
    with(&|plan| plan.suspicious = false);
    with(&|plan| plan.two_line_replies = false);
    with(&|plan| plan.cut = None);
    with(&|plan| {
        if let Some(cut) = &mut plan.cut {
            cut.goodbye = None;
        }
    });
    with(&|plan| {
        if let Some(cut) = &mut plan.cut {
            cut.how = End::Close;
        }
    });
    with(&|plan| plan.pace = quiet.pace.clone());
    with(&|plan| plan.pace.pieces = quiet.pace.pieces);
    with(&|plan| plan.pace.pieces.room = ALL);
    with(&|plan| plan.pace.pieces.vectored = false);
    with(&|plan| plan.pace.server_says = ALL);
    with(&|plan| plan.pace.server_reads = ALL);
    with(&|plan| plan.pace.between = quiet.pace.between);
    with(&|plan| plan.pace.delays.clear());
    plans.retain(|smaller| format!("{smaller:?}") != format!("{plan:?}"));
    plans
}

/// The case, and with the cut at each earlier moment.
fn with_earlier_cuts(case: Case, cases: &mut Vec<Case>) {
    let mut earlier = Vec::new();
    earlier_cuts(&case, &mut earlier);
    cases.push(case);
    cases.append(&mut earlier);
}

fn earlier_cuts(case: &Case, cases: &mut Vec<Case>) {
    let Some(cut) = case.plan.cut else { return };
    let moments: Vec<Moment> = match cut.at {
        Moment::Command(at) => (0..at).map(Moment::Command).collect(),
        Moment::Content(at) => (0..at.min(40)).map(Moment::Content).collect(),
        Moment::Whole(at) => (0..at).map(Moment::Whole).collect(),
        Moment::Reply(at, bytes) => (0..at).map(|at| Moment::Reply(at, bytes)).collect(),
        Moment::Own(at) => (0..at).map(Moment::Own).collect(),
    };
    for at in moments {
        let mut smaller = case.clone();
        if let Some(cut) = &mut smaller.plan.cut {
            cut.at = at;
        }
        cases.push(smaller);
    }
}
