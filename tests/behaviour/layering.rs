//! The layers of the design: no cycles between the files of `smtp`, and the list of what each
//! folder never names. Paths are read from the sources and followed through `use` and re-exports,
//! so that a dependence counts for the file that defines the item.
//!
//! `LAYERING=print cargo test -p tests --test behaviour layering -- --nocapture` prints every
//! dependence with the lines that show it, and every cycle.
//!
//! Not seen: method calls, the output of derives, and names that a macro pastes together. Paths
//! among the tokens of macro calls are found by their looks. `#[path]` is not followed.

mod cases;
mod collect;
mod floors;
mod graph;
mod read;
mod report;
mod resolve;
mod tokens;
mod tree;

use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn smtp() -> tree::Tree {
    read::folder("smtp", &workspace().join("smtp/src"), false)
}

#[test]
fn no_files_depend_on_each_other_in_a_cycle() {
    let tree = smtp();
    if std::env::var("LAYERING").is_ok_and(|value| value == "print") {
        println!("{}{}", report::edges(&tree), report::cycles(&tree, report::Which::All));
        println!("{}", report::sizes(&workspace().join("smtp/src"), &tree));
    }
    let cycles = report::cycles(&tree, report::Which::Shortest);
    assert!(cycles.is_empty(), "smtp/src has cycles between files:\n{cycles}");
}

/// The resolver must not lose a dependence silently.
#[test]
fn every_path_into_the_crate_leads_to_a_file() {
    let tree = smtp();
    assert!(tree.mentions.len() > 1000, "only {} paths", tree.mentions.len());
    assert_eq!(report::unclear(&tree), "");
}

#[test]
fn no_layer_names_what_it_must_not() {
    let mut wrong = Vec::new();
    for floor in floors::FLOORS {
        let sources = workspace().join(floor.sources);
        if !sources.exists() {
            println!("{}: not there yet", floor.sources);
            continue;
        }
        let tree = read::folder(floor.name, &sources, floor.with_tests);
        assert!(tree.mentions.len() > 100, "{} has no sources", floor.sources);
        for folder in floor.missing(&tree) {
            println!("{}/{folder}: not there yet", floor.sources);
        }
        for line in floor.rows.iter().flat_map(|row| row.named(&tree)) {
            wrong.push(format!("{}/{line}", floor.sources));
        }
    }
    wrong.extend(floors::TESTING.spelled(&smtp()).iter().map(|line| format!("smtp/src/{line}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
