//! Reads files into a [`Tree`].

use std::collections::HashSet;
use std::path::Path;

use super::collect;
use super::tree::{ROOT, Tree};

/// Reads all Rust files under a folder; code for tests only is left out unless `with_tests`.
pub(crate) fn folder(name: &str, folder: &Path, with_tests: bool) -> Tree {
    let mut files = Vec::new();
    collect_files(folder, folder, &mut files);
    files.sort();
    sources(name, &files, with_tests)
}

/// Reads files given as (path from the source folder, text).
///
/// The path of a file decides its module, not a `mod` line: a tree that does not compile yet can be
/// read too.
pub(crate) fn sources(name: &str, sources: &[(String, String)], with_tests: bool) -> Tree {
    let mut tree = Tree::new(name);
    let mut declared = HashSet::from([ROOT]);
    // All modules first: which scope belongs to which file must not depend on the order.
    for (path, _) in sources {
        let scope = tree.module(&module_of(path));
        tree.files.push(path.clone());
        tree.scopes[scope].file = Some(tree.files.len() - 1);
    }
    for (path, text) in sources {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let scope = tree.module(&module_of(path));
        collect::file(&mut tree, scope, &file, &mut declared, with_tests);
    }
    tree.drop_tests();
    for (path, _) in sources {
        let scope = tree.module(&module_of(path));
        if !declared.contains(&scope) && !tree.scopes[scope].test {
            tree.undeclared.push(path.clone());
        }
    }
    tree
}

/// The module of a file: `a/b.rs` and `a/b/mod.rs` are `a::b`, `lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let mut words: Vec<String> = stem.split('/').map(str::to_owned).collect();
    let last = words.last().map_or("", String::as_str);
    if last == "mod" || (words.len() == 1 && (last == "lib" || last == "main")) {
        words.pop();
    }
    words
}

fn collect_files(root: &Path, folder: &Path, sources: &mut Vec<(String, String)>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() && !path.ends_with("target") {
            collect_files(root, &path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let path = path.strip_prefix(root).expect("a path under the root");
            sources.push((path.to_string_lossy().replace('\\', "/"), text));
        }
    }
}
