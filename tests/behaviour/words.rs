//! The word list: sentences that a reader must take apart, words that hide the actor or the
//! direction, misspellings, and names that were given up are refused.

use std::path::{Path, PathBuf};

/// The folders whose comments and texts are checked.
const FOLDERS: [&str; 8] =
    ["smtp", "smtp-grammar", "smtp-derive", "smtp-pool", "tests", "examples", "benches", "fuzz"];

/// Words that hide who acts, misspellings, and the word that is used instead.
const WORDS: [(&str, &str); 21] = [
    ("nobody", "name the server, the client or the caller"),
    ("somebody", "name the server, the client or the caller"),
    ("anybody", "name the server, the client or the caller"),
    ("whoever", "name the server, the client or the caller"),
    ("behind", "after for time, following for position"),
    ("octet", "byte"),
    ("accomodate", "accommodate"),
    ("adress", "address"),
    ("definately", "definitely"),
    ("dependancy", "dependency"),
    ("existance", "existence"),
    ("lenght", "length"),
    ("occured", "occurred"),
    ("recieve", "receive"),
    ("seperate", "separate"),
    ("succesful", "successful"),
    ("teh", "the"),
    ("untill", "until"),
    ("wether", "whether"),
    ("wich", "which"),
    ("writen", "written"),
];

/// Names that only a reader of old versions knows, and what they are called now.
const NAMES: [(&str, &str); 44] = [
    ("Turn", "Transaction, or Response of an exchange"),
    ("turns", "in_flight"),
    ("Conversation", "Exchange"),
    ("Converses", "Exchange"),
    ("converse", "exchange"),
    ("fly", "run"),
    ("Flown", "PipelineResult"),
    ("Ground", "PipelineParts"),
    ("Landed", "PipelineEnd"),
    ("landed", "mailbox_check"),
    ("Landing", "PipelineEnd"),
    ("land", "finish"),
    ("Quitted", "AfterQuit"),
    ("Track", "PredictedState"),
    ("Astray", "Diverged"),
    ("Joins", "PipelinedIn"),
    ("Moves", "PipelinedTransition"),
    ("Opens", "StartsTransaction"),
    ("Fills", "StartsData"),
    ("Offers", "DeliveryCapabilities"),
    ("Way", "BodyMethod"),
    ("Declaration", "MailParams"),
    ("DeclaringMail", "MailWithParams"),
    ("Stand", "RecipientStatus"),
    ("Survey", "ContentScan"),
    ("Meter", "LengthCheck"),
    ("Piece", "Segment, or TemplatePart"),
    ("Nowhere", "NullSink"),
    ("neighbours", "overlapping"),
    ("slowly", "reference_impl"),
    ("adaptors", "wrappers"),
    ("dial", "connect"),
    ("HandOver", "RawStream"),
    ("hand_over", "into_stream"),
    ("Consumes", "TakesOver"),
    ("Profile", "SessionConfig"),
    ("chunks_proved", "bdat_verified"),
    ("lone_dot", "empty_message_reply"),
    ("WATER_MARK", "MAX_QUEUED_BYTES"),
    ("LAST_WORDS", "REPLY_GRACE"),
    ("WORTH_A_SLICE", "MIN_SLICE"),
    ("Shown", "RedactedLine"),
    ("talkative", "reply_server"),
    ("unplayed", "remaining_steps"),
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

/// The names of a line of code that were given up. A comment may well say "Way".
fn given_up(line: &str) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let code = line.split("//").next().unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    NAMES.iter().filter(move |(name, _)| code.split(|c| !is_part(c)).any(|word| word == *name))
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
fn names_that_were_given_up_do_not_come_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for package in ["smtp", "smtp-derive", "smtp-grammar", "smtp-pool"] {
        walk(&root.join(package).join("src"), &mut files);
    }
    let mut complaints = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let text = std::fs::read_to_string(path).expect("a text of the workspace");
        for (index, line) in text.lines().enumerate() {
            for (name, instead) in given_up(line) {
                complaints.push(format!("{}:{}: {name}: say {instead}", path.display(), index + 1));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let found = |line| given_up(line).map(|(name, _)| *name).collect::<Vec<_>>();
    assert_eq!(found("let survey = Survey::new(); // Way"), ["Survey"]);
    assert_eq!(found("turns_left, my_turns, PathWay"), [""; 0]);
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
