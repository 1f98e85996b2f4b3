//! Strongly connected components of the files, and the cycles in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For each file, by index, the files that it depends on.
pub(crate) type Graph = BTreeMap<usize, BTreeSet<usize>>;

/// The strongly connected components of two nodes or more, the largest first.
pub(crate) fn components(graph: &Graph) -> Vec<BTreeSet<usize>> {
    let reach: BTreeMap<usize, BTreeSet<usize>> =
        graph.keys().map(|&from| (from, reachable(graph, from))).collect();
    let mut components: Vec<BTreeSet<usize>> = Vec::new();
    for (&from, to) in &reach {
        if !to.contains(&from) || components.iter().any(|component| component.contains(&from)) {
            continue;
        }
        let back = |node: &usize| reach.get(node).is_some_and(|its| its.contains(&from));
        components.push(to.iter().copied().filter(back).collect());
    }
    components.sort_by_key(|component| std::cmp::Reverse(component.len()));
    components
}

/// The nodes that can be reached in one step or more.
fn reachable(graph: &Graph, from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(node) = waiting.pop() {
        for &next in graph.get(&node).into_iter().flatten() {
            if seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    seen
}

/// The shortest way back to `from` that begins with the edge to `to`: `[from, to, ..]`.
pub(crate) fn cycle_through(graph: &Graph, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut before = BTreeMap::from([(to, from)]);
    let mut waiting = VecDeque::from([to]);
    while let Some(node) = waiting.pop_front() {
        if node == from {
            break;
        }
        for &next in graph.get(&node).into_iter().flatten() {
            if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(next) {
                entry.insert(node);
                waiting.push_back(next);
            }
        }
    }
    let mut cycle = Vec::new();
    let mut at = *before.get(&from)?;
    while at != from {
        cycle.push(at);
        at = before[&at];
    }
    cycle.push(from);
    cycle.reverse();
    Some(cycle)
}

/// Cycles that together hold every edge of a component, the shortest first.
pub(crate) fn cycles(graph: &Graph, component: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut cycles = BTreeSet::new();
    for &from in component {
        for &to in graph.get(&from).into_iter().flatten().filter(|to| component.contains(to)) {
            if let Some(mut cycle) = cycle_through(graph, from, to) {
                let least = (0..cycle.len()).min_by_key(|&at| cycle[at]).unwrap_or(0);
                cycle.rotate_left(least);
                cycles.insert((cycle.len(), cycle));
            }
        }
    }
    cycles.into_iter().map(|(_, cycle)| cycle).collect()
}
