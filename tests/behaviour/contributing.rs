//! The questions of CONTRIBUTING.md: each names one file that exists and holds the answer.

use std::path::Path;

/// The rows of the table: the question, the file and the name to look for.
fn rows(text: &str) -> Vec<[&str; 3]> {
    let table = text
        .lines()
        .skip_while(|line| *line != "## Questions of a contributor")
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    table
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            match cells.as_slice() {
                ["", question, file, name, ""] if question.ends_with('?') => {
                    Some([*question, *file, *name])
                }
                _ => None,
            }
        })
        .collect()
}

#[test]
fn each_question_is_answered_by_one_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("CONTRIBUTING.md")).expect("a file");
    let rows = rows(&text);
    assert!(rows.len() >= 20, "{} questions", rows.len());
    for [question, file, name] in rows {
        let path = file.split('`').nth(1).unwrap_or_default();
        assert_eq!(file, format!("[`{path}`]({path})"), "{question}");
        let source = std::fs::read_to_string(root.join(path));
        let source = source.unwrap_or_else(|error| panic!("{question} {path}: {error}"));
        let name = name.trim_matches('`');
        assert!(source.contains(name), "{question} `{name}` is not in {path}");
    }
}
