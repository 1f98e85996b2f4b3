//! The texts that the test prints.

use std::fmt::Write as _;
use std::path::Path;

use super::graph::{self, Graph};
use super::tree::Tree;

/// The edges without their witnesses.
pub(crate) fn graph_of(tree: &Tree) -> Graph {
    let mut graph = Graph::new();
    for (from, to) in tree.edges().into_keys() {
        graph.entry(from).or_default().insert(to);
    }
    graph
}

/// How many cycles of a component to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// One of the shortest.
    Shortest,
    /// As many as it takes to show every edge of the component.
    All,
}

/// Every component with its cycles, the shortest first; empty if there is none.
pub(crate) fn cycles(tree: &Tree, which: Which) -> String {
    let edges = tree.edges();
    let graph = graph_of(tree);
    let name = |file: usize| tree.files[file].as_str();
    let names = |files: &mut dyn Iterator<Item = usize>, between: &str| {
        files.map(name).collect::<Vec<_>>().join(between)
    };
    let mut text = String::new();
    for component in graph::components(&graph) {
        let mut cycles = graph::cycles(&graph, &component);
        let (files, count) = (component.len(), cycles.len());
        let members = names(&mut component.iter().copied(), ", ");
        let _ = writeln!(text, "== {files} files reach each other, in {count} cycles: {members}");
        if which == Which::Shortest {
            cycles.truncate(1);
        }
        for cycle in cycles {
            let members = names(&mut cycle.iter().copied(), " -> ");
            let _ = writeln!(text, "cycle of {}: {members}", cycle.len());
            for (at, &from) in cycle.iter().enumerate() {
                let to = cycle[(at + 1) % cycle.len()];
                let witnesses = &edges[&(from, to)];
                let witness = &witnesses[0];
                let _ = write!(text, "    {}:{}: {}", name(from), witness.line, witness.text);
                let _ = write!(text, " -> {}", name(to));
                let more = witnesses.len() - 1;
                let _ = if more == 0 { writeln!(text) } else { writeln!(text, " (+{more})") };
            }
        }
    }
    text
}

/// Every edge, with each line that shows it.
pub(crate) fn edges(tree: &Tree) -> String {
    let mut text = String::new();
    for ((from, to), witnesses) in tree.edges() {
        let _ = writeln!(text, "{} -> {}", tree.files[from], tree.files[to]);
        for witness in witnesses {
            let _ = writeln!(text, "    {}:{}: {}", tree.files[from], witness.line, witness.text);
        }
    }
    text
}

/// Files and paths that the resolver does not understand.
pub(crate) fn unclear(tree: &Tree) -> String {
    let mut text = String::new();
    for file in &tree.undeclared {
        let _ = writeln!(text, "no `mod` line declares {file}");
    }
    for line in tree.broken() {
        let _ = writeln!(text, "leads nowhere: {line}");
    }
    text
}

/// The number of files, and the median and maximum of their lines.
pub(crate) fn sizes(folder: &Path, tree: &Tree) -> String {
    let lines = |file: &String| {
        std::fs::read_to_string(folder.join(file)).map_or(0, |text| text.lines().count())
    };
    let mut lengths: Vec<_> = tree.files.iter().map(lines).collect();
    lengths.sort_unstable();
    let (median, most) = (lengths[lengths.len() / 2], lengths[lengths.len() - 1]);
    format!("{} files, {median} lines in the median, {most} at most", lengths.len())
}
