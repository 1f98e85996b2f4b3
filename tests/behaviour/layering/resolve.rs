//! Follows a path through `use` and re-exports to the file that defines the item.

use std::collections::{BTreeMap, HashSet};

use super::tree::{Mention, MentionKind, Namespace, ROOT, ScopeId, Spelled, Target, Tree};

/// An end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A module.
    Module(ScopeId),
    /// An item that this scope defines.
    Item(ScopeId),
    /// Another crate: the whole path, the crate first.
    External(Vec<String>),
}

/// A path followed to its ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved {
    /// The ends; several if the last word names things in several namespaces.
    pub(crate) found: Vec<Found>,
    /// The modules that the path itself spells.
    pub(crate) through: Vec<ScopeId>,
    /// Whether a module on the way lacks the next word.
    pub(crate) broken: bool,
}

/// The lookups under way: a `use` may lead back to itself.
type Seen = HashSet<(ScopeId, String, Namespace)>;

const NAMESPACES: [Namespace; 3] = [Namespace::Type, Namespace::Value, Namespace::Macro];

impl Tree {
    /// Follows a path that was mentioned.
    pub(crate) fn resolve(&self, mention: &Mention) -> Resolved {
        let follow =
            |namespace| self.follow(mention.scope, &mention.path, namespace, &mut Seen::new());
        match mention.kind {
            _ if mention.glob => follow(Namespace::Type),
            MentionKind::Use | MentionKind::Reexport => {
                let mut all = follow(Namespace::Type);
                for namespace in [Namespace::Value, Namespace::Macro] {
                    let more = follow(namespace);
                    all.broken &= more.broken;
                    for found in more.found {
                        if !all.found.contains(&found) {
                            all.found.push(found);
                        }
                    }
                }
                all
            }
            MentionKind::Code(first) => {
                let mut resolved = follow(first);
                for namespace in NAMESPACES {
                    if resolved.found.is_empty() {
                        resolved = follow(namespace);
                    }
                }
                // A single word that no scope has is a variable or in the prelude.
                resolved.found.retain(|found| {
                    mention.path.absolute
                        || !matches!(found, Found::External(words) if words.len() == 1)
                });
                resolved
            }
        }
    }

    fn follow(&self, scope: ScopeId, path: &Spelled, ns: Namespace, seen: &mut Seen) -> Resolved {
        let Some((first, rest)) = path.words.split_first() else { return Resolved::default() };
        let first_ns = if rest.is_empty() { ns } else { Namespace::Type };
        let mut resolved = Resolved::default();
        let mut found = match first.as_str() {
            "Self" => return resolved,
            "crate" => vec![Found::Module(ROOT)],
            "self" => vec![Found::Module(self.module_around(scope))],
            "super" => self.parent_module(scope).map(Found::Module).into_iter().collect(),
            _ if path.absolute => Vec::new(),
            word => self.in_scopes(scope, word, first_ns, seen),
        };
        if found.is_empty() {
            if *first == self.name {
                found = vec![Found::Module(ROOT)];
            } else if path.absolute || first.starts_with(|c: char| c.is_lowercase() || c == '_') {
                found = vec![Found::External(vec![first.clone()])];
            }
        }
        for (index, word) in rest.iter().enumerate() {
            let ns = if index + 1 == rest.len() { ns } else { Namespace::Type };
            let mut next = Vec::new();
            for at in found {
                match at {
                    Found::Module(module) => {
                        resolved.through.push(module);
                        let names = match word.as_str() {
                            "super" => {
                                self.parent_module(module).map(Found::Module).into_iter().collect()
                            }
                            word => self.in_scope(module, word, ns, scope, seen),
                        };
                        resolved.broken |= names.is_empty();
                        next.extend(names);
                    }
                    // A variant, an associated item.
                    Found::Item(scope) => next.push(Found::Item(scope)),
                    Found::External(mut words) => {
                        words.push(word.clone());
                        next.push(Found::External(words));
                    }
                }
            }
            next.dedup();
            found = next;
        }
        resolved.found = found;
        resolved
    }

    /// Looks a word up in the blocks around it, then in the module.
    fn in_scopes(&self, scope: ScopeId, word: &str, ns: Namespace, seen: &mut Seen) -> Vec<Found> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            let found = self.in_scope(scope, word, ns, scope, seen);
            // `macro_rules!` are known in the modules below them too.
            if !found.is_empty() || (!self.scopes[scope].block && ns != Namespace::Macro) {
                return found;
            }
            at = self.scopes[scope].parent;
        }
        Vec::new()
    }

    /// Looks a word up in one scope, with the rights of the scope `from`.
    fn in_scope(
        &self,
        scope: ScopeId,
        word: &str,
        ns: Namespace,
        from: ScopeId,
        seen: &mut Seen,
    ) -> Vec<Found> {
        let key = (scope, word.to_owned(), ns);
        if !seen.insert(key.clone()) {
            return Vec::new();
        }
        let found = self.in_scope_once(scope, word, ns, from, seen);
        seen.remove(&key);
        found
    }

    fn in_scope_once(
        &self,
        scope: ScopeId,
        word: &str,
        ns: Namespace,
        from: ScopeId,
        seen: &mut Seen,
    ) -> Vec<Found> {
        let here = &self.scopes[scope];
        let bindings = here.names.get(word).map_or(&[][..], Vec::as_slice);
        let visible = || {
            let seen_from = bindings.iter().filter(|b| self.is_within(from, b.visible_in));
            seen_from.filter(|b| b.namespaces.contains(&ns))
        };
        let mut found: Vec<Found> = visible()
            .filter_map(|binding| match binding.target {
                Target::Module(module) => Some(Found::Module(module)),
                Target::Item | Target::Enum(_) => Some(Found::Item(scope)),
                Target::Import(_) => None,
            })
            .collect();
        if found.is_empty() {
            for binding in visible() {
                if let Target::Import(path) = &binding.target {
                    found.extend(self.follow(scope, path, ns, seen).found);
                }
            }
        }
        for (path, visible_in) in &here.globs {
            if found.is_empty() && self.is_within(from, *visible_in) {
                found = self.in_glob(scope, path, word, ns, seen);
            }
        }
        for &module in here.macros_of.iter().filter(|_| ns == Namespace::Macro) {
            found.extend(self.in_scope(module, word, ns, scope, seen));
        }
        // Last, a macro call in this scope may have generated it.
        if found.is_empty() && here.generated.contains(word) && ns != Namespace::Macro {
            found.push(Found::Item(scope));
        }
        found.dedup();
        found
    }

    fn in_glob(
        &self,
        scope: ScopeId,
        path: &Spelled,
        word: &str,
        ns: Namespace,
        seen: &mut Seen,
    ) -> Vec<Found> {
        let mut names = Vec::new();
        for target in self.follow(scope, path, Namespace::Type, seen).found {
            match target {
                Found::Module(module) => names.extend(self.in_scope(module, word, ns, scope, seen)),
                Found::Item(owner) => {
                    let enums =
                        path.words.last().and_then(|name| self.scopes[owner].names.get(name));
                    let variant = enums.into_iter().flatten().any(|binding| {
                        matches!(&binding.target, Target::Enum(variants) if variants.contains(word))
                    });
                    if variant {
                        names.push(Found::Item(owner));
                    }
                }
                Found::External(_) => {}
            }
        }
        names
    }

    /// The dependences between files, each with the lines that show it.
    pub(crate) fn edges(&self) -> BTreeMap<(usize, usize), Vec<Witness>> {
        let mut edges: BTreeMap<(usize, usize), Vec<Witness>> = BTreeMap::new();
        for mention in &self.mentions {
            if mention.kind == MentionKind::Reexport {
                continue;
            }
            let Some(from) = self.scopes[mention.scope].file else { continue };
            for found in self.resolve(mention).found {
                // An imported module counts in the paths that begin with it.
                let Found::Item(scope) = found else { continue };
                let Some(to) = self.scopes[scope].file else { continue };
                if from == to || self.scopes[scope].test {
                    continue;
                }
                let seen = edges.entry((from, to)).or_default();
                let witness = Witness { line: mention.line, text: mention.text() };
                if !seen.contains(&witness) {
                    seen.push(witness);
                }
            }
        }
        edges
    }

    /// The paths into the crate that the resolver cannot follow to an end.
    pub(crate) fn broken(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for mention in &self.mentions {
            let resolved = self.resolve(mention);
            if resolved.found.is_empty() && resolved.broken {
                let file = self.scopes[mention.scope].file.map_or("?", |file| &self.files[file]);
                lines.push(format!("{file}:{}: {}", mention.line, mention.text()));
            }
        }
        lines
    }
}

/// A line that shows an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The path as it is written there.
    pub(crate) text: String,
}

impl Mention {
    /// The mention as it is written in the source.
    pub(crate) fn text(&self) -> String {
        let star = if self.glob { "::*" } else { "" };
        match self.kind {
            MentionKind::Use => format!("use {}{star}", self.path),
            MentionKind::Reexport => format!("pub use {}{star}", self.path),
            MentionKind::Code(Namespace::Macro) => format!("{}!", self.path),
            MentionKind::Code(_) => self.path.to_string(),
        }
    }
}
