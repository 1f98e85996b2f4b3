//! Files stay short enough to be read: 200 lines in the median, 500 at most.

use std::path::{Path, PathBuf};

/// The Rust files of the workspace that people read, with their lengths in lines.
fn files() -> Vec<(PathBuf, usize)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in
        ["smtp", "smtp-derive", "smtp-grammar", "tests", "examples", "benches", "fuzz/fuzz_targets"]
    {
        walk(&root.join(folder), &mut files);
    }
    files
}

fn walk(folder: &Path, files: &mut Vec<(PathBuf, usize)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && name != "ui" {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("a file of the workspace");
            files.push((path, text.lines().count()));
        }
    }
}

#[test]
fn no_file_is_over_500_lines_and_the_median_is_under_200() {
    let mut files = files();
    files.sort_by_key(|(_, lines)| *lines);
    let (longest, lines) = files.last().expect("files");
    assert!(*lines <= 500, "{} has {lines} lines: split it", longest.display());
    let median = files[files.len() / 2].1;
    assert!(median < 200, "the median is {median} lines");
}

#[test]
fn the_first_program_is_short() {
    let program = include_str!("../../examples/readme.rs");
    assert!(program.lines().count() <= 150, "{} lines", program.lines().count());
    let deliver = program.lines().skip_while(|line| !line.starts_with("async fn deliver("));
    let deliver = deliver.take_while(|line| *line != "}").count() + 1;
    assert!((5..=10).contains(&deliver), "{deliver} lines deliver");
}
