//! Programs that must not compile, and the errors of the compiler.
//!
//! A session in the wrong order gives one error whose first line is understood without our source;
//! a wrong attribute gives one that names the fix. `TRYBUILD=overwrite cargo test -p ui` writes the
//! expected texts anew.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used)]

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The compiler that the expected texts are of. Another one words some of them differently, so it
/// is not held to them.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn wrong_programs_do_not_compile() {
    let compiler = compiler();
    if !compiler.starts_with(COMPILER) && std::env::var_os("TRYBUILD").is_none() {
        // Not captured, unlike `println!`: a test that compares nothing must be seen to do so.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the texts in tests/ui are of {COMPILER}x and were not compared with those \
             of {compiler}",
        );
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("states/*.rs");
    cases.compile_fail("pipeline/*.rs");
    cases.compile_fail("parameters/*.rs");
    cases.compile_fail("pool/*.rs");
    cases.compile_fail("derive/*/*.rs");
}

/// Name and version of the compiler that cargo, and so trybuild, uses.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(rustc).arg("--version").output().expect("rustc");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_session_in_the_wrong_order_is_one_error() {
    let seen = each_is_one_error(&["states"]);
    assert!(seen >= 25, "only {seen} programs");
}

#[test]
fn a_group_in_the_wrong_order_is_one_error() {
    let seen = each_is_one_error(&["pipeline"]);
    assert!(seen >= 24, "only {seen} programs");
}

#[test]
fn a_parameter_in_the_wrong_place_is_one_error() {
    let seen = each_is_one_error(&["parameters"]);
    assert!(seen >= 11, "only {seen} programs");
}

#[test]
fn a_wrong_use_of_a_pool_is_one_error() {
    let seen = each_is_one_error(&["pool"]);
    assert!(seen >= 2, "only {seen} programs");
}

/// A mistake gives no errors of later lines. The one program with more than one mistake is there to
/// show that all of them are reported at once.
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
    let folders = kinds.map(|kind| format!("derive/{kind}"));
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
