//! Programs that must not compile, and what the compiler says of them.
//!
//! A session in the wrong order gives one error whose first line is understood without our source;
//! a wrong attribute gives one that names the fix. The expected texts are those of one version of
//! the compiler: `TRYBUILD=overwrite cargo test -p tests --test ui` writes them anew.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used)]

use std::path::Path;

#[test]
fn wrong_programs_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/states/*.rs");
    cases.compile_fail("ui/pipeline/*.rs");
    cases.compile_fail("ui/derive/*/*.rs");
}

#[test]
fn a_session_in_the_wrong_order_is_one_error() {
    let seen = each_is_one_error(&["ui/states"]);
    assert!(seen >= 25, "only {seen} programs");
}

#[test]
fn a_group_in_the_wrong_order_is_one_error() {
    let seen = each_is_one_error(&["ui/pipeline"]);
    assert!(seen >= 24, "only {seen} programs");
}

/// What is after a mistake is not a mistake of its own. The one program with more than one is
/// there to show that all of them are reported at once.
#[test]
fn a_wrong_attribute_is_one_error() {
    let kinds = [
        "codes",
        "contradictions",
        "fields",
        "mechanism",
        "questions",
        "reply",
        "secrets",
        "states",
        "types",
        "verb",
    ];
    let folders = kinds.map(|kind| format!("ui/derive/{kind}"));
    let seen = each_is_one_error(&folders.each_ref().map(String::as_str));
    assert!(seen >= 200, "only {seen} programs");
}

/// Counts the programs, each of which has one error.
fn each_is_one_error(folders: &[&str]) -> usize {
    let mut seen = 0;
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).expect("the programs") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "stderr") {
                let text = std::fs::read_to_string(&path).expect("what the compiler says");
                let errors = text.lines().filter(|line| line.starts_with("error")).count();
                let all = path.ends_with("all_at_once.stderr");
                assert_eq!(errors > 1, all, "{}", path.display());
                assert!(errors > 0, "{}", path.display());
                seen += 1;
            }
        }
    }
    seen
}
