//! Each type of the public API that is a command, a keyword, a parameter or a mechanism has a row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use smtp::Reply;
use smtp::grammar::{Capabilities, ReplyCode};
use tests::support::{BY_NAME, commands, keywords, mechanisms, parameters};

/// The sources below a folder of the library, without their tests.
fn sources(folder: &str) -> Vec<String> {
    let mut folders: Vec<PathBuf> =
        vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../smtp/src").join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the library") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = std::fs::read_to_string(path).expect("a source");
                sources.push(
                    source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned(),
                );
            }
        }
    }
    sources
}

/// The name of a type at the beginning of a text.
fn name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

/// The types for which a trait is implemented by hand, those of crate-wide use left out.
fn implementing(folder: &str, traits: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources(folder) {
        for of in traits {
            for (at, call) in source.match_indices(&format!("{of} for ")) {
                let line = source[..at].rsplit('\n').next().unwrap_or_default();
                if line.starts_with("impl") {
                    found.insert(name(&source[at + call.len()..]));
                }
            }
        }
    }
    found
}

/// The public types that derive `SmtpCommand` and have this attribute.
fn deriving(folder: &str, attribute: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources(folder) {
        for part in source.split("SmtpCommand)]").skip(1) {
            let Some((attributes, item)) = part.split_once("\npub ") else { continue };
            if attributes.contains(attribute) {
                found.insert(name(item.split(' ').nth(1).unwrap_or_default()));
            }
        }
    }
    found
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let last = |name: &str| name.rsplit("::").next().unwrap_or_default().to_owned();
    names.into_iter().map(last).collect()
}

#[test]
fn every_command_has_a_row() {
    let found = deriving("command", "verb = \"");
    assert!(found.len() >= 22, "{found:?}");
    assert_eq!(set(commands().iter().flat_map(|row| row.from.iter().copied())), found);
}

#[test]
fn every_keyword_has_a_row() {
    let found = implementing("extension", &["Capability"]);
    assert!(found.len() >= 45, "{found:?}");
    assert_eq!(set(keywords().iter().map(|row| row.from)), found);
}

#[test]
fn every_parameter_has_a_row() {
    let mut found = implementing("extension", &["MailParameter", "RcptParameter"]);
    assert!(found.len() >= 20, "{found:?}");
    for general in ["Optional", "Parameter", "P", "T"] {
        found.remove(general);
    }
    // MAIL has these itself.
    found.extend(["size", "body"].map(str::to_owned));
    assert_eq!(set(parameters().iter().map(|row| row.from)), found);
}

#[test]
fn every_mechanism_has_a_row() {
    let mut found = implementing("auth", &["Mechanism"]);
    found.extend(deriving("auth", "mechanism = \""));
    assert!(found.len() >= 15, "{found:?}");
    // It chooses one of the others; and one type has the mechanisms of all hash functions.
    for general in ["Credentials", "Scram", "Box", "M"] {
        found.remove(general);
    }
    let rows = mechanisms();
    let scrams = rows.iter().filter(|row| row.name.starts_with("SCRAM"));
    found.extend(set(scrams.map(|row| row.from)));
    assert_eq!(set(rows.iter().map(|row| row.from)), found);
}

/// Each mechanism says the name of its row, and no two rows are one.
#[test]
fn each_row_is_of_its_mechanism() {
    let rows = mechanisms();
    let names: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len());
    for row in rows {
        let Some(make) = row.make else { continue };
        // A mechanism that binds says so after it has seen the session.
        let plain = row.name.strip_suffix("-PLUS").unwrap_or(row.name);
        let found = make("me", "pencil").name().to_owned();
        assert!(found == row.name || found == plain, "{}: {found}", row.name);
    }
}

/// The keywords of the table are all that is said of EHLO, each once.
#[test]
fn no_keyword_stands_twice() {
    let typed = keywords();
    let all = typed.iter().map(|row| row.keyword).chain(BY_NAME.map(|(keyword, _)| keyword));
    let distinct: BTreeSet<_> = all.clone().collect();
    assert_eq!(distinct.len(), all.count());
    for row in parameters() {
        assert!(typed.iter().any(|known| known.keyword == row.extension), "{}", row.own());
    }
    for row in commands() {
        let known = row.keyword.is_none_or(|own| typed.iter().any(|known| known.keyword == own));
        assert!(known, "{}", row.verb);
    }
}

/// A keyword without a type is found by its name, with its words.
#[test]
fn every_other_keyword_stays_reachable() {
    for (keyword, _) in BY_NAME {
        let lines = ["mail.example.test", &format!("{keyword} a=1 b")];
        let offers = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
        assert!(offers.has(&keyword.to_ascii_lowercase()), "{keyword}");
        assert!(offers.params(keyword).is_some_and(|words| words.eq(["a=1", "b"])), "{keyword}");
    }
}
