//! The modules of a crate as scopes of names, and every path that its code mentions.
//!
//! Building the tree and looking names up are two steps: a name may be used before the file that
//! defines it has been read.

use std::collections::{HashMap, HashSet};

/// Index of a [`Scope`] in its [`Tree`].
pub(crate) type ScopeId = usize;

/// The scope of the crate root.
pub(crate) const ROOT: ScopeId = 0;

/// A namespace of Rust: the same word may name a different thing in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Namespace {
    /// Modules, types, traits.
    Type,
    /// Functions, constants, constructors.
    Value,
    /// `macro_rules!`.
    Macro,
}

/// A path as the source spells it, without its generic arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spelled {
    /// Whether it begins with `::`.
    pub(crate) absolute: bool,
    /// Its words, `crate`, `self` and `super` among them.
    pub(crate) words: Vec<String>,
}

impl std::fmt::Display for Spelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.absolute { "::" } else { "" })?;
        f.write_str(&self.words.join("::"))
    }
}

/// The kind of item in which a path stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MentionKind {
    /// In a `use` that makes the name known to this module only.
    Use,
    /// In a `use` that other modules may import from: no dependence of this file.
    Reexport,
    /// In code; this namespace is searched first.
    Code(Namespace),
}

/// One path at one line.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    /// The innermost scope around it.
    pub(crate) scope: ScopeId,
    /// Its line, counted from 1.
    pub(crate) line: usize,
    /// As it is written; a glob without its star.
    pub(crate) path: Spelled,
    /// Where it stands.
    pub(crate) kind: MentionKind,
    /// Whether `::*` follows.
    pub(crate) glob: bool,
}

/// The thing that a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A module of this crate.
    Module(ScopeId),
    /// An item defined in the scope that has the name.
    Item,
    /// An enum, with its variants.
    Enum(HashSet<String>),
    /// The end of this path.
    Import(Spelled),
}

/// A name in a scope.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// The thing that it stands for.
    pub(crate) target: Target,
    /// Its namespaces; all of them for an import, until it is followed.
    pub(crate) namespaces: Vec<Namespace>,
    /// The module that may use it, with all modules below.
    pub(crate) visible_in: ScopeId,
}

/// A module, or a block of code with items of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// The scope around it.
    pub(crate) parent: Option<ScopeId>,
    /// Whether it is a block: names that it lacks are those of its parent.
    pub(crate) block: bool,
    /// The words of the module, from the crate root.
    pub(crate) module: Vec<String>,
    /// The file, if one was read.
    pub(crate) file: Option<usize>,
    /// Whether it is compiled for tests only.
    pub(crate) test: bool,
    /// Its names.
    pub(crate) names: HashMap<String, Vec<Binding>>,
    /// Its `use path::*`, each with the module that may use the imported names.
    pub(crate) globs: Vec<(Spelled, ScopeId)>,
    /// Its `#[macro_use]` modules.
    pub(crate) macros_of: Vec<ScopeId>,
    /// The words in its macro calls: the names of generated items are among them.
    pub(crate) generated: HashSet<String>,
}

/// The names and paths of a crate.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Its own name: `smtp::x` is `crate::x`.
    pub(crate) name: String,
    /// The files, by their paths from the source folder.
    pub(crate) files: Vec<String>,
    /// The modules and blocks.
    pub(crate) scopes: Vec<Scope>,
    /// The paths.
    pub(crate) mentions: Vec<Mention>,
    /// Files that no `mod` line declares.
    pub(crate) undeclared: Vec<String>,
    modules: HashMap<Vec<String>, ScopeId>,
}

impl Tree {
    /// A crate of nothing but its root.
    pub(crate) fn new(name: &str) -> Self {
        let mut tree = Self { name: name.to_owned(), ..Self::default() };
        tree.module(&[]);
        tree
    }

    /// The scope of a module, made if it is new.
    pub(crate) fn module(&mut self, words: &[String]) -> ScopeId {
        if let Some(&scope) = self.modules.get(words) {
            return scope;
        }
        let parent = words.split_last().map(|(_, above)| self.module(above));
        let scope = self.scopes.len();
        self.scopes.push(Scope { parent, module: words.to_vec(), ..Scope::default() });
        self.modules.insert(words.to_vec(), scope);
        if let (Some(parent), Some(word)) = (parent, words.last()) {
            self.bind(parent, word, Target::Module(scope), &[Namespace::Type], parent);
        }
        scope
    }

    /// A module inside the file of another one.
    pub(crate) fn inline_module(&mut self, parent: ScopeId, word: &str) -> ScopeId {
        let mut words = self.scopes[parent].module.clone();
        words.push(word.to_owned());
        let scope = self.module(&words);
        if self.scopes[scope].file.is_none() {
            self.scopes[scope].file = self.scopes[parent].file;
        }
        scope
    }

    /// A block of code inside a scope.
    pub(crate) fn block(&mut self, parent: ScopeId) -> ScopeId {
        let Scope { module, file, test, .. } = self.scopes[parent].clone();
        let block =
            Scope { parent: Some(parent), block: true, module, file, test, ..Scope::default() };
        self.scopes.push(block);
        self.scopes.len() - 1
    }

    /// Gives a name to something.
    pub(crate) fn bind(
        &mut self,
        scope: ScopeId,
        name: &str,
        target: Target,
        namespaces: &[Namespace],
        visible_in: ScopeId,
    ) {
        let binding = Binding { target, namespaces: namespaces.to_vec(), visible_in };
        self.scopes[scope].names.entry(name.to_owned()).or_default().push(binding);
    }

    /// The module that a scope is, or is in.
    pub(crate) fn module_around(&self, mut scope: ScopeId) -> ScopeId {
        while let (true, Some(parent)) = (self.scopes[scope].block, self.scopes[scope].parent) {
            scope = parent;
        }
        scope
    }

    /// The module above the one that a scope is, or is in.
    pub(crate) fn parent_module(&self, scope: ScopeId) -> Option<ScopeId> {
        self.scopes[self.module_around(scope)].parent.map(|parent| self.module_around(parent))
    }

    /// Whether a scope is another one or inside it.
    pub(crate) fn is_within(&self, scope: ScopeId, outer: ScopeId) -> bool {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if scope == outer {
                return true;
            }
            at = self.scopes[scope].parent;
        }
        false
    }

    /// Leaves out modules that are compiled for tests only: they are no part of the layers.
    pub(crate) fn drop_tests(&mut self) {
        // A parent may have a larger index than its child, so one pass in order is not enough.
        let test: Vec<bool> = (0..self.scopes.len())
            .map(|scope| {
                let mut above = std::iter::successors(Some(scope), |at| self.scopes[*at].parent);
                above.any(|scope| self.scopes[scope].test)
            })
            .collect();
        for (scope, test) in self.scopes.iter_mut().zip(&test) {
            scope.test = *test;
        }
        self.mentions.retain(|mention| !test[mention.scope]);
    }
}
