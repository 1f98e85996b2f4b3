//! The "never" list of the design: modules and crates that a folder must not name.
//!
//! A path counts if it spells the forbidden module, and if it leads to an item of that module:
//! `crate::TlsConfig` names `net`, which defines it. A `pub use` counts as well.

use std::collections::BTreeSet;

use super::resolve::Found;
use super::tree::{ScopeId, Tree};

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    /// Its folder of sources, from the root of the workspace.
    pub(crate) sources: &'static str,
    /// Its name in paths.
    pub(crate) name: &'static str,
    /// Whether its tests are held to the floors too.
    pub(crate) with_tests: bool,
    /// Its folders.
    pub(crate) rows: &'static [Row],
}

/// Folders (or files, without `.rs`) of a crate, `""` for all of them, and the names that they
/// never use: `crate::x` is a module, `crate::*` any module but their own, all else a path into
/// another crate.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) &'static [&'static str], pub(crate) &'static [&'static str]);

/// In the order of "Direction" in the design. A folder that is not there yet is skipped.
pub(crate) const FLOORS: &[Crate] = &[
    Crate {
        sources: "smtp-grammar/src",
        name: "smtp_grammar",
        with_tests: false,
        rows: &[
            Row(&[""], &["smtp", "smtp_derive", "tokio", "tokio_rustls", "rustls"]),
            Row(&[""], &["std::time", "std::io", "std::fs"]),
            Row(&[""], &["std::net::TcpStream", "std::net::TcpListener", "std::net::UdpSocket"]),
        ],
    },
    Crate {
        sources: "smtp-derive/src",
        name: "smtp_derive",
        with_tests: false,
        rows: &[Row(&[""], &["smtp_grammar", "tokio", "tokio_rustls", "rustls", "nom"])],
    },
    Crate {
        sources: "smtp/src",
        name: "smtp",
        with_tests: false,
        rows: &[
            Row(&["proto"], &["crate::*"]),
            Row(BELOW_NET, &["tokio", "tokio_rustls", "rustls"]),
            Row(BELOW_NET, &["std::time::Instant::now", "std::time::SystemTime::now"]),
            Row(BELOW_NET, &["crate::net", "crate::connection", "crate::connect"]),
            Row(BELOW_EXCHANGE, &["crate::exchange"]),
            Row(&["error", "secret"], &["crate::command", "crate::auth", "crate::extension"]),
            Row(&["secret"], &["crate::message"]),
            // Within the row: extension, then command, then message.
            Row(&["extension"], &["crate::command", "crate::message"]),
            Row(&["command"], &["crate::message"]),
            Row(&["net"], &["crate::command", "crate::auth", "crate::extension"]),
            Row(&["net"], &["crate::connection", "crate::connect"]),
            Row(&["connection"], &["crate::connect"]),
        ],
    },
    Crate { sources: "smtp-pool/src", name: "smtp_pool", with_tests: false, rows: PUBLIC_ONLY },
    Crate { sources: "tests", name: "tests", with_tests: true, rows: PUBLIC_ONLY },
    Crate { sources: "examples", name: "examples", with_tests: true, rows: PUBLIC_ONLY },
];

/// These know no runtime and no clock.
const BELOW_NET: &[&str] =
    &["proto", "secret", "state", "error", "extension", "command", "auth", "message", "exchange"];

/// These are what users implement or pass in; the exchanges that send them are above.
const BELOW_EXCHANGE: &[&str] =
    &["proto", "secret", "state", "error", "extension", "command", "auth", "message"];

const PUBLIC_ONLY: &[Row] = &[Row(&[""], &["smtp::__private"])];

/// The scripted server uses the client through its public paths only.
pub(crate) const TESTING: Row = Row(
    &["testing"],
    &[
        "crate::proto",
        "crate::exchange",
        "crate::net",
        "crate::connection",
        "crate::connect",
        "crate::command",
    ],
);

impl Crate {
    /// The folders in the rows that the crate does not have.
    pub(crate) fn missing(&self, tree: &Tree) -> BTreeSet<&'static str> {
        let there = |folder: &str| {
            let module = words(folder);
            tree.scopes.iter().any(|scope| scope.file.is_some() && begins(&scope.module, &module))
        };
        let folders = self.rows.iter().flat_map(|row| row.0).copied();
        folders.filter(|folder| !folder.is_empty() && !there(folder)).collect()
    }
}

impl Row {
    /// Each path that leads to a forbidden item.
    pub(crate) fn named(&self, tree: &Tree) -> Vec<String> {
        self.check(tree, true)
    }

    /// Each path that spells a forbidden module, to any item.
    pub(crate) fn spelled(&self, tree: &Tree) -> Vec<String> {
        self.check(tree, false)
    }

    fn check(&self, tree: &Tree, items: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for mention in &tree.mentions {
            let scope = &tree.scopes[mention.scope];
            let own = self.0.iter().map(|folder| words(folder));
            let Some(own) = own.into_iter().find(|own| begins(&scope.module, own)) else {
                continue;
            };
            let Some(file) = scope.file else { continue };
            let resolved = tree.resolve(mention);
            let mut modules = resolved.through;
            let mut external = Vec::new();
            for found in resolved.found {
                match found {
                    Found::Module(module) => modules.push(module),
                    Found::Item(scope) if items => modules.push(scope),
                    Found::Item(_) => {}
                    Found::External(words) => external.push(words),
                }
            }
            for never in self.1 {
                let named = match never.strip_prefix("crate::") {
                    Some(module) => modules.iter().any(|at| is_in(tree, *at, module, &own)),
                    None => {
                        let path: Vec<&str> = never.split("::").collect();
                        external.iter().any(|words| begins(words, &path))
                    }
                };
                if named {
                    let (file, line, text) = (&tree.files[file], mention.line, mention.text());
                    lines.push(format!("{file}:{line}: `{text}` names {never}"));
                }
            }
        }
        lines.dedup();
        lines
    }
}

/// The words of a folder's module.
fn words(folder: &str) -> Vec<&str> {
    folder.split('/').filter(|word| !word.is_empty()).collect()
}

fn is_in(tree: &Tree, scope: ScopeId, module: &str, own: &[&str]) -> bool {
    let at = &tree.scopes[scope].module;
    match module {
        "*" => !at.is_empty() && !begins(at, own),
        module => begins(at, &module.split("::").collect::<Vec<_>>()),
    }
}

fn begins(words: &[String], with: &[&str]) -> bool {
    words.len() >= with.len() && words.iter().zip(with).all(|(word, with)| word == with)
}
