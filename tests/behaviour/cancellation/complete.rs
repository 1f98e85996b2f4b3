//! The completeness of the cancellation tests: the public calls that wait are read from the
//! sources, and each must be dropped at each of its waits by one test and meet every hostile server
//! in another.

use std::collections::BTreeSet;
use std::path::Path;

/// The text of all sources of a folder, without spaces.
fn sources(folder: &str, text: &mut String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(path.to_str().expect("a name"), text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            text.extend(source.split_whitespace().map(|word| format!("{word} ")));
        }
    }
}

/// The names of the types that are futures.
fn futures(text: &str) -> BTreeSet<&str> {
    let named = text.split(" Future for ").skip(1);
    named.filter_map(|rest| rest.split([' ', '<']).next()).collect()
}

/// The names of the public functions whose result is awaited. Groups are no functions: they have
/// tests of their own.
fn calls() -> BTreeSet<String> {
    let mut text = String::new();
    sources("../smtp/src/connection", &mut text);
    sources("../smtp/src/connect", &mut text);
    let futures = futures(&text);
    assert!(futures.contains("Deliver") && futures.len() >= 10, "{futures:?}");
    let mut names = BTreeSet::new();
    for (head, waits) in [("pub async fn ", true), ("pub fn ", false)] {
        for function in text.split(head).skip(1) {
            let signature = function.split(" {").next().unwrap_or_default();
            let result = signature.split("-> ").nth(1).unwrap_or_default();
            let result = result.split(" where ").next().unwrap_or_default();
            // One in a tuple is one too. The end of a group has a type of the same name.
            let mut words = result.split(|c: char| !c.is_alphanumeric());
            let group = result.starts_with("Closed<'a,");
            if waits || (!group && words.any(|word| futures.contains(word))) {
                let end = signature.find(['(', '<']).unwrap_or(signature.len());
                names.insert(signature[..end].to_owned());
            }
        }
    }
    assert!(names.len() >= 28, "{names:?}");
    names
}

/// Whether the call is made in this text.
fn made(name: &str, text: &str) -> bool {
    [".", "::"].iter().any(|before| text.contains(&format!("{before}{name}(")))
}

#[test]
fn every_call_that_waits_is_dropped_at_each_wait() {
    let mut text = String::new();
    sources("behaviour/cancellation", &mut text);
    text.push_str(include_str!("../cancellation.rs"));
    let dropped: Vec<String> =
        text.split("poll_until(").skip(1).map(|call| call.chars().take(120).collect()).collect();
    for name in calls() {
        let named = ["call = connection.", "call = Connection::", "(feed, call) = connection."]
            .iter()
            .any(|before| text.contains(&format!("let {before}{name}(")));
        assert!(named || dropped.iter().any(|call| made(&name, call)), "{name} is never dropped");
    }
}

#[test]
fn every_call_that_waits_meets_hostile_servers() {
    let mut text = String::new();
    sources("behaviour/hostile", &mut text);
    text.push_str(include_str!("../hostile.rs"));
    for name in calls() {
        assert!(made(&name, &text), "{name} meets no hostile server");
    }
}
