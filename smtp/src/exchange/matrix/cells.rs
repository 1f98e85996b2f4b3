//! The cells: each scene in each mode, with each fault at each place, but for those that cannot be.

use super::bench::{Pace, Place};
use super::injection::{ALL, Injection, Injection::*};
use super::nature::Nature;
use super::server::Entry;
use super::setting::{Cell, Mode, Scene, Source, Trace};
use super::sources::Waits;

pub(super) const SCENES: [Scene; 15] = [
    Scene::Hello,
    Scene::HelloOld,
    Scene::Command,
    Scene::Dialog,
    Scene::Sasl,
    Scene::SendData,
    Scene::SendOwn,
    Scene::SendBdat,
    Scene::One,
    Scene::Three,
    Scene::Feed,
    Scene::Group,
    Scene::GroupQuit,
    Scene::Watch,
    Scene::Parting,
];

pub(super) const MODES: [Mode; 8] = [
    Mode::Lockstep,
    Mode::Pipelined,
    Mode::LockstepChunks,
    Mode::Chunks,
    Mode::Eager,
    Mode::Lmtp,
    Mode::LmtpChunks,
    Mode::Prdr,
];

/// A cell without a fault, from which those with one are made.
const fn base(scene: Scene, mode: Mode) -> Cell {
    Cell {
        scene,
        mode,
        nature: Nature::Plain,
        source: Source::Memory,
        pace: Pace::Whole,
        strike: None,
        questions: 0,
        survives: true,
    }
}

/// The settings of a scene in a mode: servers, sources and paces. A feed is a delivery whose
/// messages come otherwise, so it has fewer; so has a group that QUIT ends.
pub(super) fn settings(scene: Scene, mode: Mode) -> Vec<Cell> {
    use Scene::{Feed, Group, GroupQuit, SendOwn, Three};
    let base = base(scene, mode);
    let mut settings = vec![base];
    let sample = match scene {
        Three => matches!(mode, Mode::Pipelined | Mode::Eager | Mode::Lmtp | Mode::Prdr),
        _ => !matches!(scene, Feed | GroupQuit | SendOwn),
    };
    if sample {
        settings.push(Cell { pace: Pace::Bytes, ..base });
    }
    if !scene.sends() {
        return settings;
    }
    let streamed = Cell { source: Source::Stream, ..base };
    settings.push(streamed);
    if !matches!(scene, Feed | SendOwn) {
        settings.push(Cell { nature: Nature::Choosy, ..streamed });
        settings.push(Cell { nature: Nature::Choosy, source: Source::Each, ..base });
        settings.push(Cell { nature: Nature::Choosy, pace: Pace::Replies, ..base });
        settings.push(Cell { nature: Nature::Keeps, ..base });
    }
    if mode.answers_each() && scene != SendOwn {
        settings.push(Cell { nature: Nature::Parts, ..base });
        settings.push(Cell { nature: Nature::Parts, pace: Pace::Replies, ..base });
    }
    if matches!(scene, Scene::One | Group) {
        settings.push(Cell { nature: Nature::Lax, ..base });
    }
    if scene == Three {
        settings.push(Cell { nature: Nature::KeepsLater, ..base });
    }
    if matches!(scene, Three | Feed | Group) && mode != Mode::Lockstep {
        settings.push(Cell { nature: Nature::Guards, ..base });
    }
    // A server without PIPELINING answers a chunk before the next is queued: there is always room.
    if !matches!(scene, Three | Feed | GroupQuit) && mode != Mode::LockstepChunks {
        settings.push(Cell { source: Source::Large, ..base });
    }
    settings
}

/// Why a scene has no such mode.
pub(super) fn has_no_mode(scene: Scene, mode: Mode) -> Option<&'static str> {
    use Scene::{Command, Dialog, Group, GroupQuit, Hello, HelloOld, Parting, Sasl, SendBdat};
    match scene {
        Hello if mode == Mode::Lmtp => None,
        Hello | HelloOld if mode != Mode::Lockstep => {
            Some("before the reply to EHLO nothing is known of the server")
        }
        Command | Dialog | Sasl if mode.answers_each() => {
            Some("it differs in the replies to a message, and it has none")
        }
        Command | Dialog | Sasl | Scene::Watch | Parting if mode.has_chunks() => {
            Some("it has no message")
        }
        Scene::Watch | Parting if mode != Mode::Lockstep => Some("it has no group of commands"),
        Scene::SendData | Scene::SendOwn | Group | GroupQuit if mode.has_chunks() => {
            Some("its message is opened by DATA or a command like it")
        }
        SendBdat if !mode.has_chunks() => Some("BDAT needs CHUNKING"),
        SendBdat if mode == Mode::Eager => {
            Some("its recipients were answered before: there is nothing to be eager about")
        }
        _ => None,
    }
}

/// A place where a fault can strike.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spot<'t> {
    /// A reply is due, and the server has all that it answers.
    Reply(usize, &'t Entry),
    /// The server has a part of a message.
    Content(u64),
    /// A source is waited for.
    Source(usize, Waits),
    /// Nothing is due.
    Idle(u64),
}

/// The places that the cell without a fault has shown.
pub(super) fn spots<'t>(cell: &Cell, trace: &'t Trace) -> Vec<Spot<'t>> {
    if matches!(cell.scene, Scene::Watch | Scene::Parting) {
        return vec![Spot::Idle(trace.begun_at)];
    }
    let large = cell.source == Source::Large;
    let mut spots = Vec::new();
    // Of a large message only what it does to the room is of interest.
    if !large {
        let replies = trace.log.iter().enumerate().skip(trace.first);
        spots.extend(replies.map(|(number, entry)| Spot::Reply(number, entry)));
        let waits = trace.waits.iter().enumerate();
        spots.extend(waits.map(|(number, waits)| Spot::Source(number, *waits)));
    }
    let contents = trace.contents.iter().filter(|(start, _)| *start >= trace.begun_at);
    for &(start, end) in contents.take(if large { 1 } else { usize::MAX }) {
        if large {
            spots.push(Spot::Content(start + 1000));
            continue;
        }
        let mut bytes = vec![start, start + (end - start) / 2, end - 3, end - 1];
        bytes.retain(|&byte| byte >= start && byte < end);
        bytes.dedup();
        spots.extend(bytes.into_iter().map(Spot::Content));
    }
    spots
}

/// The cell of a fault at a spot; why there is none, where it cannot be.
pub(super) fn cell(
    base: &Cell,
    trace: &Trace,
    spot: Spot<'_>,
    what: Injection,
) -> Result<Cell, &'static str> {
    if let Some(row) = IMPOSSIBLE.iter().find(|row| (row.is)(base, spot, what)) {
        return Err(row.why);
    }
    let place = match spot {
        Spot::Reply(_, entry) if what == Early => Place::Bytes(entry.at.saturating_sub(1)),
        Spot::Reply(number, _) => Place::Reply(number),
        Spot::Content(at) | Spot::Idle(at) => Place::Bytes(at),
        Spot::Source(number, _) => Place::Source(number),
    };
    let before = match spot {
        Spot::Reply(number, _) => number,
        _ => trace.first,
    };
    let asked = trace.log.iter().take(before).skip(trace.first);
    let questions = asked.filter(|entry| entry.verb == "XASK").count();
    let survives = survives(base, trace, spot, what);
    Ok(Cell { strike: Some((place, what)), questions, survives, ..*base })
}

/// Whether the connection can be used after a fault: exactly when its state is known.
fn survives(cell: &Cell, trace: &Trace, spot: Spot<'_>, what: Injection) -> bool {
    match (what, spot) {
        (Transient | Permanent | TooMany, Spot::Reply(number, entry)) => match entry.verb {
            "greeting" | "HELP" => false,
            // Only the end of the connection keeps recipients from getting an empty message.
            "MAIL" if cell.nature == Nature::Lax => !cell.mode.asks_ahead(),
            // A server that refuses what overtakes a message lets the transaction begin again.
            // One that keeps a transaction has another one open than the client thinks.
            "RSET" => {
                let before = number.checked_sub(1).and_then(|before| trace.log.get(before));
                let refused = before.is_some_and(|before| before.code >= 400);
                let kept = refused && cell.nature.keeps() && !cell.mode.has_chunks();
                entry.overtakes && number > trace.first && !kept
            }
            _ => true,
        },
        // The chunk is counted, and read although it was refused.
        (Transient | Permanent, Spot::Content(_)) => {
            cell.mode.has_chunks() && cell.scene != Scene::SendData
        }
        (BodyError, Spot::Source(_, Waits::Body { given })) => given == 0 || cell.mode.has_chunks(),
        (SourceError, Spot::Source(..)) => true,
        _ => false,
    }
}

/// Cells that cannot be.
struct Impossible {
    why: &'static str,
    is: fn(&Cell, Spot<'_>, Injection) -> bool,
}

const IMPOSSIBLE: [Impossible; 13] = [
    Impossible {
        why: "452 is said of one recipient too many",
        is: |_, spot, what| {
            let rcpt = matches!(spot, Spot::Reply(_, entry) if entry.verb == "RCPT");
            what == TooMany && !rcpt
        },
    },
    Impossible {
        why: "221 is the answer to QUIT",
        is: |_, spot, what| {
            what == Goodbye && matches!(spot, Spot::Reply(_, entry) if entry.verb == "QUIT")
        },
    },
    Impossible {
        why: "nothing comes before the greeting, so it cannot come too early",
        is: |_, spot, what| {
            what == Early && matches!(spot, Spot::Reply(_, entry) if entry.verb == "greeting")
        },
    },
    Impossible {
        why: "nothing is written before the greeting, so writing cannot fail",
        is: |_, spot, what| {
            what.breaks_writing()
                && matches!(spot, Spot::Reply(_, entry) if entry.verb == "greeting")
        },
    },
    Impossible {
        why: "the usual reply to a part of a message is one that comes too early",
        is: |_, spot, what| what == Twice && !matches!(spot, Spot::Reply(..)),
    },
    Impossible {
        why: "without a command there is no usual reply",
        is: |_, spot, what| {
            matches!(what, Early | Twice | WrongClass)
                && matches!(spot, Spot::Source(..) | Spot::Idle(_))
        },
    },
    Impossible {
        why: "a body is not waited for here",
        is: |_, spot, what| {
            what == BodyError && !matches!(spot, Spot::Source(_, Waits::Body { .. }))
        },
    },
    Impossible {
        why: "no message, response or answer is waited for here",
        is: |cell, spot, what| {
            let asked = matches!(spot, Spot::Reply(_, entry) if entry.code == 350);
            let waited = matches!(spot, Spot::Source(_, Waits::Message | Waits::Response { .. }));
            what == SourceError && !waited && !(cell.scene == Scene::Dialog && asked)
        },
    },
    Impossible {
        why: "what is said while a source is waited for and nothing is due answers nothing",
        is: |_, spot, what| {
            matches!(
                what,
                ReplyThenEnd | PermanentThenEnd | TransientThenReset | WriteErrorThenRefusal
            ) && matches!(spot, Spot::Source(..))
        },
    },
    Impossible {
        why: "nothing is written while nothing is due, so writing cannot fail",
        is: |cell, spot, what| {
            what.breaks_writing() && matches!(spot, Spot::Idle(_)) && cell.scene == Scene::Watch
        },
    },
    Impossible {
        why: "eager content has left with the MAIL that is refused, and a server that takes recipients \
              without a sender is not read any more: the replies that were read decide",
        is: |cell, spot, what| {
            let mail = matches!(spot, Spot::Reply(_, entry) if entry.verb == "MAIL");
            let refused = what.refusal().is_some_and(|code| code != 421) && !what.goes_on();
            mail && refused && cell.nature == Nature::Lax && cell.mode == Mode::Eager
        },
    },
    Impossible {
        why: "eager content has left with the RSET that is refused, and a server that keeps the \
              transaction before it gives it to the recipients of that one",
        is: |cell, spot, what| {
            let reset = matches!(spot, Spot::Reply(_, entry) if entry.verb == "RSET");
            let refused = what.refusal().is_some_and(|code| code != 421);
            reset && refused && cell.nature.keeps() && cell.mode == Mode::Eager
        },
    },
    Impossible {
        why: "a reply that is sent twice is taken for a recipient that was accepted, and the reply that \
              refuses the recipient for the one to the last chunk: their number is right again",
        is: |cell, spot, what| {
            let named = |verb| matches!(verb, "MAIL" | "RCPT");
            let of_rcpt = matches!(spot, Spot::Reply(_, entry) if named(entry.verb));
            let chosen = cell.nature == Nature::Choosy && cell.mode == Mode::LmtpChunks;
            what == Twice && of_rcpt && chosen
        },
    },
];

/// All faults.
pub(super) fn injections() -> impl Iterator<Item = Injection> {
    ALL.into_iter()
}
