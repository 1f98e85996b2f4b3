//! Who may import whom: the design's "never" list, read from the sources.

use std::path::Path;

/// A folder or a file, and what must not be named there.
const NEVER: &[(&str, &[&str])] = &[
    ("smtp-grammar/src", &["smtp::", "tokio", "rustls", "std::time", "std::net::Tcp", "std::io::"]),
    ("smtp-derive/src", &["smtp_grammar", "tokio", "rustls", "nom::"]),
    (
        "smtp/src/proto",
        &[
            "tokio",
            "rustls",
            "Instant::now",
            "crate::auth",
            "crate::body",
            "crate::command",
            "crate::connection",
            "crate::error",
            "crate::extension",
            "crate::net",
            "crate::secret",
            "crate::state",
        ],
    ),
    ("smtp/src/body.rs", &["tokio", "rustls", "crate::net", "crate::connection"]),
    ("smtp/src/body", &["tokio", "rustls", "crate::net", "crate::connection"]),
    ("smtp/src/command", &["tokio", "rustls", "crate::net", "crate::connection"]),
    ("smtp/src/auth", &["tokio", "rustls", "crate::net", "crate::connection"]),
    ("smtp/src/extension", &["tokio", "rustls", "crate::net", "crate::connection"]),
    (
        "smtp/src/net",
        &["crate::command", "crate::auth", "crate::extension", "crate::connection", "crate::state"],
    ),
    ("smtp/src/testing", &["crate::proto", "crate::net", "crate::connection", "crate::command"]),
    ("tests", &["smtp::__private"]),
    ("examples", &["smtp::__private"]),
];

#[test]
fn no_layer_reaches_where_it_must_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut wrong = Vec::new();
    for (folder, never) in NEVER {
        let mut seen = 0;
        check(&root.join(folder), never, &mut wrong, &mut seen);
        assert!(seen > 0, "{folder} has no sources");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(path: &Path, never: &[&str], wrong: &mut Vec<String>, seen: &mut usize) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder of the workspace") {
            let path = entry.expect("an entry").path();
            if !path.ends_with("target") {
                check(&path, never, wrong, seen);
            }
        }
        return;
    }
    // This file names what it forbids.
    if path.extension().is_none_or(|ending| ending != "rs") || path.ends_with("layering.rs") {
        return;
    }
    *seen += 1;
    let text = std::fs::read_to_string(path).expect("a source");
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for name in never.iter().filter(|name| code.contains(**name)) {
            wrong.push(format!("{}:{}: names {name}", path.display(), number + 1));
        }
    }
}
