//! The fault matrix: every exchange, in every mode, with every fault at every place, without
//! sockets and without time.
//!
//! A cell runs one exchange against a model server; at one place one thing goes wrong. Then must
//! hold: it ends; each message is reported once; what is told of each recipient is true, by an
//! oracle that knows what the server has taken; nothing is written after the end; and the
//! connection can be used exactly when its state is known.
//!
//! | file | what it holds |
//! |---|---|
//! | [`injection`] | what goes wrong |
//! | [`messages`] | the messages |
//! | [`server`], [`nature`] | the model server |
//! | [`sources`] | bodies, messages and responses that come when the bench lets them |
//! | [`bench`] | what the driver does for an exchange |
//! | [`setting`] | what a cell is |
//! | [`scenes`], [`group`] | the exchanges, from their setup to what they have told |
//! | [`oracle`] | what must be true |
//! | [`cells`] | which cells there are, and which cannot be |

mod bench;
mod cells;
mod group;
mod injection;
mod messages;
mod nature;
mod oracle;
mod scenes;
mod server;
mod setting;
mod sources;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Instant;

use cells::{MODES, SCENES};
use scenes::run;
use setting::{Mode, Scene, Source};

/// The results of the cells.
#[derive(Debug, Default)]
struct Count {
    cells: BTreeMap<(Scene, Mode), usize>,
    impossible: BTreeMap<&'static str, usize>,
    /// By what was wrong, without its numbers: how many, and the first.
    failed: BTreeMap<String, (usize, String)>,
}

impl Count {
    fn add(mut self, other: Self) -> Self {
        self.cells.extend(other.cells);
        for (why, cells) in other.impossible {
            *self.impossible.entry(why).or_default() += cells;
        }
        for (kind, (cells, first)) in other.failed {
            self.failed.entry(kind).or_insert((0, first)).0 += cells;
        }
        self
    }

    #[cold]
    fn fail(&mut self, error: &str, cell: impl FnOnce() -> String) {
        let kind = error.split([':', '{', '(']).next().unwrap_or_default();
        let kind = kind.replace(|digit: char| digit.is_ascii_digit(), "");
        let (count, _) =
            self.failed.entry(kind).or_insert_with(|| (0, format!("{error}\n{}", cell())));
        *count += 1;
    }
}

#[test]
fn every_fault_at_every_place_of_every_exchange() {
    let begun = Instant::now();
    // The longest first, for as many threads as there are.
    let settings = SCENES.iter().rev().flat_map(|&scene| MODES.map(|mode| (scene, mode)));
    let settings = Mutex::new(settings);
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8));
    let count = std::thread::scope(|scope| {
        let fill = || {
            let mut count = Count::default();
            let next = || settings.lock().expect("no thread has failed").next();
            while let Some((scene, mode)) = next() {
                match cells::has_no_mode(scene, mode) {
                    Some(why) => *count.impossible.entry(why).or_default() += 1,
                    None => fill(scene, mode, &mut count),
                }
            }
            count
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(fill)).collect();
        let counts = threads.into_iter().map(|thread| thread.join().expect("a count"));
        counts.fold(Count::default(), Count::add)
    });
    let table = table(&count);
    let took = begun.elapsed();
    // Not through the capture of the test: the number is to be seen.
    let _ = writeln!(std::io::stderr(), "{table}in {took:?}");
    let failed = &count.failed;
    assert!(failed.is_empty(), "cells failed:\n{}", shown(failed));
    let full = SCENES.iter().flat_map(|&scene| MODES.map(|mode| (scene, mode)));
    for (scene, mode) in full.filter(|&(scene, mode)| cells::has_no_mode(scene, mode).is_none()) {
        assert!(count.cells.contains_key(&(scene, mode)), "{scene:?} has no cells in {mode:?}");
    }
}

fn fill(scene: Scene, mode: Mode, count: &mut Count) {
    for base in cells::settings(scene, mode) {
        let trace = if scene == Scene::Watch {
            scenes::watched()
        } else {
            match run(&base) {
                Ok(trace) => trace,
                Err((error, dialogue)) => {
                    count.fail(&error, || format!("{base:?}\n{dialogue}"));
                    continue;
                }
            }
        };
        if base.source == Source::Large && !trace.had_no_room {
            count.fail("there was room", || format!("{base:?}"));
        }
        for spot in cells::spots(&base, &trace) {
            for what in cells::injections() {
                let cell = match cells::cell(&base, &trace, spot, what) {
                    Ok(cell) => cell,
                    Err(why) => {
                        *count.impossible.entry(why).or_default() += 1;
                        continue;
                    }
                };
                *count.cells.entry((scene, mode)).or_default() += 1;
                if let Err((error, dialogue)) = run(&cell) {
                    count.fail(&error, || format!("{cell:?}\n at {spot:?}\n{dialogue}"));
                }
            }
        }
    }
}

fn table(count: &Count) -> String {
    let mut table = format!("{:<12}", "cells");
    for mode in MODES {
        let _ = write!(table, "{:>16}", format!("{mode:?}"));
    }
    table.push('\n');
    for scene in SCENES {
        let _ = write!(table, "{:<12}", format!("{scene:?}"));
        for mode in MODES {
            let cells = count.cells.get(&(scene, mode));
            let _ = write!(table, "{:>16}", cells.map_or("-".to_owned(), ToString::to_string));
        }
        table.push('\n');
    }
    for (why, cells) in &count.impossible {
        let _ = writeln!(table, "{cells} cannot be: {why}");
    }
    let all: usize = count.cells.values().sum();
    let _ = write!(table, "{all} cells ");
    table
}

/// The first failure of each kind.
fn shown(failed: &BTreeMap<String, (usize, String)>) -> String {
    let shown = failed.values().map(|(count, first)| format!("{count} as this one: {first}"));
    shown.collect::<Vec<_>>().join("\n")
}
