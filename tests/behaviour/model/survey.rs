//! The loop over many sessions: each is made from a seed and judged, and one of each broken rule is
//! shrunk.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::case::{Case, Mode, cases};
use super::client::play;
use super::oracle::{Violation, judge, told};
use super::plan::Protocol;
use super::sabotage::Sabotage;
use super::shrink::shrink;

/// Surveys among which the sessions are divided.
const MODES: usize = 42;
/// Sessions in all, unless `MODEL_SESSIONS` says otherwise.
const SESSIONS: usize = 840;

/// Plays sessions, and shows the smallest that was found for each rule that was broken.
///
/// # Panics
///
/// When one was.
pub(super) fn survey(name: &str, protocol: Protocol, modes: impl Strategy<Value = Mode>) {
    let sessions = number("MODEL_SESSIONS").unwrap_or(SESSIONS).div_ceil(MODES);
    let seed = number("MODEL_SEED").unwrap_or(0);
    let shrinks = number("MODEL_SHRINK") != Some(0);
    println!("{name}: {sessions} sessions of MODEL_SEED={seed}");
    let strategy = cases(protocol, modes);
    let mut found: BTreeMap<String, (usize, Case)> = BTreeMap::new();
    for session in 0..sessions {
        let mut runner = TestRunner::new_with_rng(Config::default(), rng(name, seed, session));
        let tree = strategy.new_tree(&mut runner).expect("a case");
        for Violation { rule, .. } in verdict(&tree.current()) {
            if let Some((times, _)) = found.get_mut(&rule) {
                *times += 1;
                continue;
            }
            let tree = {
                let mut runner =
                    TestRunner::new_with_rng(Config::default(), rng(name, seed, session));
                strategy.new_tree(&mut runner).expect("the same case")
            };
            let case = if shrinks { shrink(tree, &rule) } else { tree.current() };
            found.insert(rule, (1, case));
        }
    }
    if found.is_empty() {
        return;
    }
    let mut text = String::new();
    for (rule, (times, case)) in &found {
        let _ =
            write!(text, "\n=== {name}: {rule} ({times} of {sessions} sessions)\n{}", show(case));
    }
    panic!("{} rules are broken (MODEL_SEED={seed}){text}", found.len());
}

/// The rules that a session breaks.
pub(super) fn verdict(case: &Case) -> Vec<Violation> {
    match play(case, Sabotage::None) {
        Ok(played) => judge(case, &played),
        Err(panic) => {
            vec![Violation { rule: "the client does not panic".to_owned(), detail: panic }]
        }
    }
}

/// A session in words.
pub(super) fn show(case: &Case) -> String {
    match play(case, Sabotage::None) {
        Ok(played) => told(case, &played, &judge(case, &played)),
        Err(panic) => format!("the client panicked: {panic}\n{case:?}\n"),
    }
}

/// The same numbers for the same session of the same seed.
fn rng(name: &str, seed: usize, session: usize) -> TestRng {
    let text = format!("{name} {seed} {session}");
    let mut bytes = [0; 32];
    for (index, byte) in text.bytes().enumerate() {
        bytes[index % 32] ^= byte.rotate_left(u32::from(index >= 32));
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}
