//! Tests of the resolver and the list, on crates of a few lines.

use super::floors::Row;
use super::tree::Tree;
use super::{graph, read, report};

fn tree(sources: &[(&str, &str)]) -> Tree {
    let sources: Vec<_> =
        sources.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    read::sources("smtp", &sources, false)
}

/// The dependences of a crate of these files: `a > b` for "a.rs names something of b.rs".
fn edges(sources: &[(&str, &str)]) -> Vec<String> {
    let tree = tree(sources);
    assert_eq!(report::unclear(&tree), "");
    let name = |file: usize| tree.files[file].trim_end_matches(".rs");
    tree.edges().keys().map(|&(from, to)| format!("{} > {}", name(from), name(to))).collect()
}

/// The dependences where `a.rs` has this text, `b.rs` defines `B`, `E`, `b()` and `bang!`, and the
/// root and `c/` re-export them.
fn edges_of_a(text: &str) -> Vec<String> {
    edges(&[
        ("lib.rs", "mod a; mod b; mod c; pub use c::Again; pub use b::B as Root;"),
        ("a.rs", text),
        (
            "b.rs",
            "pub struct B; pub enum E { X } pub fn b() {} macro_rules! bang { () => {} }
            pub(crate) use bang;",
        ),
        ("c/mod.rs", "pub mod deep; pub use crate::b::B as Again; pub use deep::*;"),
        ("c/deep.rs", "pub use super::super::b::{self as inner, E}; pub struct D;"),
    ])
}

#[test]
fn paths_lead_to_the_file_that_defines() {
    const TABLE: &[(&str, &str, &[&str])] = &[
        ("nothing", "struct A;", &[]),
        ("use of an item", "use crate::b::B;", &["a > b"]),
        ("super", "use super::b::B;", &["a > b"]),
        ("the crate by its name", "use smtp::b::B;", &["a > b"]),
        ("an absolute path", "type A = ::smtp::b::B;", &["a > b"]),
        ("a group", "use super::{b::{B, E}, c::deep::D};", &["a > b", "a > c/deep"]),
        ("self in a group", "use super::b::{self, B};", &["a > b"]),
        ("a rename", "use super::b as other; type A = other::B;", &["a > b"]),
        ("for its methods only", "use super::b::B as _;", &["a > b"]),
        ("a module alone", "use super::b;", &[]),
        ("a module, then its item", "use super::b; type A = b::B;", &["a > b"]),
        ("re-exported at the root", "use crate::Root;", &["a > b"]),
        ("re-exported twice", "use crate::Again;", &["a > b"]),
        ("re-exported in a folder", "type A = crate::c::Again;", &["a > b"]),
        ("re-exported by a glob", "type A = crate::c::D;", &["a > c/deep"]),
        ("re-exported by a glob, from elsewhere", "type A = crate::c::E;", &["a > b"]),
        ("through a module renamed", "type A = crate::c::deep::inner::B;", &["a > b"]),
        ("a glob", "use super::b::*; type A = B;", &["a > b"]),
        ("a glob that brings nothing used", "use super::b::*;", &[]),
        ("a glob, and a name of its own", "use super::b::*; struct B; type A = B;", &[]),
        ("a glob of variants", "use super::b::E::*; const A: u8 = X as u8;", &["a > b"]),
        ("an inline module", "mod m { type A = super::super::b::B; }", &["a > b"]),
        ("in its parent's names", "use super::b::B; mod m { type A = super::B; }", &["a > b"]),
        ("another crate", "use std::fmt::Debug; type A = tokio::b::B;", &[]),
        ("a re-export alone", "pub use super::b::B;", &[]),
        ("a re-export to the crate", "pub(crate) use super::b::B;", &[]),
        ("a re-export that is used here", "pub use super::b::B; type A = B;", &["a > b"]),
        ("pub(self) says nothing", "pub(self) use super::b::B;", &["a > b"]),
        ("use in a function", "fn a() { use super::b::B; }", &["a > b"]),
        ("names of a function", "fn a() { use super::b; b::b(); }", &["a > b"]),
        ("they end with it", "fn a() { use std::fmt as b; } fn c() { b::b() }", &[]),
        ("a call", "fn a() { super::b::b(); }", &["a > b"]),
        ("a pattern", "fn a(x: u8) { match x { crate::b::E::X => {} _ => {} } }", &["a > b"]),
        ("a bound", "fn a<T: crate::b::B>() {}", &["a > b"]),
        ("an impl", "impl crate::b::B for u8 {}", &["a > b"]),
        ("an argument of a type", "type A = Vec<crate::b::B>;", &["a > b"]),
        ("a qualified type", "type A = <u8 as crate::b::B>::Out;", &["a > b"]),
        ("in a macro's call", "fn a() { assert!(x == crate::b::E::X); }", &["a > b"]),
        ("absolute in a macro", "quote!(impl ::smtp::b::B for u8 {});", &["a > b"]),
        ("after an arrow", "quote!(fn a() -> ::smtp::b::B);", &["a > b"]),
        ("after a variable", "quote!(#a ::smtp::b::B);", &["a > b"]),
        ("a variable's", "quote!(#crate_name::smtp::b::B);", &[]),
        ("in a format", "fn a() { write!(f, \"{}\", super::b::b()); }", &["a > b"]),
        ("in a macro's rules", "macro_rules! m { () => { $crate::b::B } }", &["a > b"]),
        ("a macro", "fn a() { crate::b::bang!(); }", &["a > b"]),
        ("a method is no path", "fn a(x: X) { vec![x.b::<u8>()]; x.b(); }", &[]),
        ("a turbofish in a macro", "fn a() { vec![Vec::<u8>::b::b()]; }", &[]),
        ("who may see", "pub(in crate::b) struct A;", &[]),
        ("a doc comment", "/// [`crate::b::B`]\nstruct A;", &[]),
        ("a test module", "#[cfg(test)] mod tests { use crate::b::B; }", &[]),
        ("an item of tests", "#[cfg(all(test, unix))] use crate::b::B;", &[]),
        ("not only of tests", "#[cfg(any(test, unix))] use crate::b::B;", &["a > b"]),
        ("not of tests", "#[cfg(not(test))] use crate::b::B;", &["a > b"]),
        ("a test", "#[test] fn a() { crate::b::b() }", &[]),
        ("a method of tests", "impl X { #[cfg(test)] fn a() { crate::b::b() } }", &[]),
    ];
    for (name, text, expected) in TABLE {
        assert_eq!(edges_of_a(text), *expected, "{name}: {text}");
    }
}

#[test]
fn files_of_tests_are_left_out() {
    let found = edges(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "#[cfg(test)] mod tests; #[cfg(test)] mod more { mod far; }"),
        ("a/tests.rs", "use crate::b::B; mod below;"),
        ("a/tests/below.rs", "use crate::b::B;"),
        ("a/more/far.rs", "use crate::b::B;"),
        ("b.rs", "pub struct B;"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_output_of_a_macro_belongs_to_the_file_of_its_call() {
    let found = edges(&[
        ("lib.rs", "#[macro_use] mod rules; mod a; mod c; pub use a::Made;"),
        ("rules.rs", "macro_rules! make { ($n:ident) => { pub struct $n; } }"),
        ("a.rs", "make!(Made);"),
        ("c.rs", "use crate::Made;"),
    ]);
    assert_eq!(found, ["a > rules", "c > a"]);
}

#[test]
fn private_names_do_not_leave_by_a_glob() {
    let found = edges(&[
        ("lib.rs", "mod a; mod b; mod c; use std::fmt as hidden;"),
        ("a.rs", "use crate::b::*; type A = B; type C = Seen;"),
        ("b.rs", "use crate::c::C as B; pub(crate) use crate::c::C as Seen; mod under;"),
        ("b/under.rs", "use super::*; type U = B;"),
        ("c.rs", "pub struct C;"),
    ]);
    assert_eq!(found, ["a > c", "b > c", "b/under > c"]);
}

#[test]
fn imports_that_chase_each_other_end() {
    let sources = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub use crate::b::*; pub use crate::b::Ghost;"),
        ("b.rs", "pub use crate::a::*; pub use crate::a::Ghost; type X = Ghost;"),
    ];
    assert!(tree(&sources).edges().is_empty());
}

#[test]
fn an_unresolved_path_is_reported() {
    let unclear = report::unclear(&tree(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "use crate::nowhere::B;\nfn f() { super::a::gone() }"),
        ("lost.rs", ""),
    ]));
    assert_eq!(
        unclear,
        "no `mod` line declares lost.rs\n\
         leads nowhere: a.rs:1: use crate::nowhere::B\n\
         leads nowhere: a.rs:2: super::a::gone\n"
    );
}

#[test]
fn a_cycle_is_found_and_shown() {
    let tree = tree(&[
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use b::B;"),
        ("a.rs", "\nuse crate::B;\npub struct A;"),
        ("b.rs", "use super::c::C; pub struct B;"),
        ("c.rs", "use super::a::A; use super::d::D; pub struct C;\nfn c(_: &A) {}"),
        ("d.rs", "pub struct D;"),
    ]);
    assert_eq!(
        report::cycles(&tree, report::Which::Shortest),
        "== 3 files reach each other, in 1 cycles: a.rs, b.rs, c.rs\n\
         cycle of 3: a.rs -> b.rs -> c.rs\n    \
             a.rs:2: use crate::B -> b.rs\n    \
             b.rs:1: use super::c::C -> c.rs\n    \
             c.rs:1: use super::a::A -> a.rs (+1)\n"
    );
}

#[test]
fn cycles_cover_every_edge_of_a_component() {
    let graph = graph::Graph::from([
        (0, [1].into()),
        (1, [2, 0].into()),
        (2, [0].into()),
        (3, [0, 4].into()),
        (4, [].into()),
        (5, [6].into()),
        (6, [5].into()),
    ]);
    let components = graph::components(&graph);
    assert_eq!(components, [[0, 1, 2].into(), [5, 6].into()]);
    assert_eq!(graph::cycles(&graph, &components[0]), [vec![0, 1], vec![0, 1, 2]]);
}

#[test]
fn floors_hold() {
    const FLOOR: Row =
        Row(&["low"], &["crate::high", "tokio", "std::time::Instant::now", "smtp_derive"]);
    const TABLE: &[(&str, &str, &[&str])] = &[
        ("its own", "use crate::side::S; use std::time::Instant;", &[]),
        ("a module", "use crate::high;", &["low/x.rs:1: `use crate::high` names crate::high"]),
        ("an item", "type A = crate::H;", &["low/x.rs:1: `crate::H` names crate::high"]),
        (
            "what a higher module says again",
            "use crate::high::S;",
            &["low/x.rs:1: `use crate::high::S` names crate::high"],
        ),
        ("a re-export", "pub use crate::H;", &["low/x.rs:1: `pub use crate::H` names crate::high"]),
        (
            "the clock",
            "use std::time::Instant;\nfn f() { Instant::now(); }",
            &["low/x.rs:2: `Instant::now` names std::time::Instant::now"],
        ),
        ("a crate", "fn f() { ::tokio::spawn() }", &["low/x.rs:1: `::tokio::spawn` names tokio"]),
        ("a crate of another name", "use tokio_util::X;", &[]),
        ("a variable", "fn f(tokio: u8) -> u8 { tokio }", &[]),
        ("in tests", "#[cfg(test)] use crate::high::H;", &[]),
    ];
    for (name, text, expected) in TABLE {
        let tree = tree(&[
            ("lib.rs", "mod low; mod high; mod side; pub use high::H;"),
            ("low/mod.rs", "mod x;"),
            ("low/x.rs", text),
            ("high.rs", "pub struct H; pub use crate::side::S; use tokio::X;"),
            ("side.rs", "pub struct S;"),
        ]);
        assert_eq!(FLOOR.named(&tree), *expected, "{name}: {text}");
    }
}

#[test]
fn a_floor_may_forbid_all_other_modules_or_spellings_only() {
    let tree = tree(&[
        ("lib.rs", "mod low; mod high; pub use high::H; mod also;"),
        ("low.rs", "use crate::H; mod below;"),
        ("low/below.rs", "use super::super::low as own; use crate::also;"),
        ("high.rs", "pub struct H;"),
        ("also.rs", ""),
    ]);
    let all = Row(&["low"], &["crate::*"]).named(&tree);
    assert_eq!(
        all,
        [
            "low.rs:1: `use crate::H` names crate::*",
            "low/below.rs:1: `use crate::also` names crate::*",
        ]
    );
    assert_eq!(Row(&["low"], &["crate::high"]).spelled(&tree), [""; 0]);
    assert_eq!(Row(&["low"], &["crate::also"]).spelled(&tree).len(), 1);
}
