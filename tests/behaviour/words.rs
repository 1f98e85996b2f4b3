//! The word list of comments and texts: sentences that a reader must take apart, and words that
//! hide the actor or the direction, are refused.

use std::path::{Path, PathBuf};

/// The folders whose comments and texts are checked.
const FOLDERS: [&str; 8] = [
    "smtp-grammar",
    "smtp-derive",
    "smtp/src/testing",
    "smtp/src/guide",
    "tests",
    "examples",
    "benches",
    "fuzz",
];

/// Words that hide who acts, and the word that is used instead.
const WORDS: [(&str, &str); 6] = [
    ("nobody", "name the server, the client or the caller"),
    ("somebody", "name the server, the client or the caller"),
    ("anybody", "name the server, the client or the caller"),
    ("whoever", "name the server, the client or the caller"),
    ("behind", "after for time, following for position"),
    ("octet", "byte"),
];

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "out") {
                walk(&path, files);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "md") {
            files.push(path);
        }
    }
}

/// The text of a comment, or of any line of a document.
fn prose(line: &str, document: bool) -> Option<&str> {
    let line = line.trim_start();
    if document {
        return Some(line);
    }
    let text = line.strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim_start())
}

/// The first rule that a line breaks.
fn broken(text: &str) -> Option<&'static str> {
    let asks = text.contains('?');
    let noun = text.starts_with("What ") || text.contains(". What ") || text.contains(": What ");
    if noun && !asks {
        return Some("a sentence begins with \"What\" as a noun: begin with the noun itself");
    }
    let has =
        |word: &str| text.split(|c: char| !c.is_ascii_alphabetic()).any(|other| other == word);
    WORDS.iter().find(|(word, _)| has(word)).map(|(_, instead)| *instead)
}

#[test]
fn comments_use_plain_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            .map(|name| root.join(name))
            .into();
    for folder in FOLDERS {
        walk(&root.join(folder), &mut files);
    }
    let mut complaints = Vec::new();
    for path in files {
        let document = path.extension().is_some_and(|ending| ending == "md");
        let text = std::fs::read_to_string(&path).expect("a text of the workspace");
        for (index, line) in text.lines().enumerate() {
            let Some(text) = prose(line, document) else { continue };
            if let Some(rule) = broken(text) {
                complaints.push(format!("{}:{}: {rule}: {text}", path.display(), index + 1));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_word_list_finds_what_it_lists() {
    let table = [
        ("What the server says.", true),
        ("The reply. What the server says is kept.", true),
        ("What does the derive make?", false),
        ("The server's reply, for whoever reads it.", true),
        ("The bytes behind the verb.", true),
        ("The bytes after the verb.", false),
        ("`*OCTET`: all bytes that are left.", false),
    ];
    for (text, expected) in table {
        assert_eq!(broken(text).is_some(), expected, "{text}");
    }
}
