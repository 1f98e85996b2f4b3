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
    cases.compile_fail("ui/derive/*/*.rs");
}

#[test]
fn a_session_in_the_wrong_order_is_one_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/states");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the programs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "stderr") {
            let text = std::fs::read_to_string(&path).expect("what the compiler says");
            let errors = text.lines().filter(|line| line.starts_with("error")).count();
            assert_eq!(errors, 1, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 15, "only {seen} programs");
}
