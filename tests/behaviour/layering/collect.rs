//! Fills a [`Tree`] from a parsed file: its names, and the paths that it mentions.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Stmt, UseTree, Visibility};

use super::tokens;
use super::tree::Namespace::{Macro, Type, Value};
use super::tree::{Mention, MentionKind, Namespace, ROOT, ScopeId, Spelled, Target, Tree};

/// Reads a file into the scope of its module. `declared` takes the modules that a `mod` line names.
pub(crate) fn file(
    tree: &mut Tree,
    scope: ScopeId,
    file: &syn::File,
    declared: &mut HashSet<ScopeId>,
    with_tests: bool,
) {
    let mut collector = Collector { tree, scope, declared, namespace: Type, with_tests };
    if collector.skips(&file.attrs) {
        collector.tree.scopes[scope].test = true;
    }
    collector.visit_file(file);
}

struct Collector<'t> {
    tree: &'t mut Tree,
    scope: ScopeId,
    declared: &'t mut HashSet<ScopeId>,
    /// The namespace that is searched first for the next path.
    namespace: Namespace,
    with_tests: bool,
}

impl Collector<'_> {
    fn mention(&mut self, span: Span, path: Spelled, kind: MentionKind, glob: bool) {
        let line = span.start().line;
        self.tree.mentions.push(Mention { scope: self.scope, line, path, kind, glob });
    }

    fn skips(&self, attributes: &[Attribute]) -> bool {
        !self.with_tests && is_test(attributes)
    }

    fn within(&mut self, scope: ScopeId, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.scope, scope);
        visit(self);
        self.scope = outer;
    }

    /// The module that may use an item of the present scope.
    fn visible_in(&self, visibility: &Visibility) -> ScopeId {
        match visibility {
            Visibility::Public(_) => ROOT,
            Visibility::Inherited => self.tree.module_around(self.scope),
            Visibility::Restricted(to) => {
                let mut scope = self.tree.module_around(self.scope);
                for segment in &to.path.segments {
                    if segment.ident == "crate" {
                        return ROOT;
                    }
                    if segment.ident == "super" {
                        scope = self.tree.parent_module(scope).unwrap_or(ROOT);
                    }
                }
                scope
            }
        }
    }

    fn item(
        &mut self,
        name: &syn::Ident,
        visibility: &Visibility,
        target: Target,
        ns: &[Namespace],
    ) {
        let visible_in = self.visible_in(visibility);
        self.tree.bind(self.scope, &name.to_string(), target, ns, visible_in);
    }

    fn macro_item(&mut self, item: &syn::ItemMacro) {
        let Some(name) = &item.ident else {
            return generated(&mut self.tree.scopes[self.scope].generated, &item.mac.tokens);
        };
        let name = name.to_string();
        // The order of the text decides where a macro can be used, not a visibility.
        self.tree.bind(self.scope, &name, Target::Item, &[Macro], ROOT);
        if item.attrs.iter().any(|a| a.path().is_ident("macro_export")) && self.scope != ROOT {
            let mut words = self.tree.scopes[self.scope].module.clone();
            words.insert(0, "crate".to_owned());
            words.push(name.clone());
            let path = Spelled { absolute: false, words };
            self.tree.bind(ROOT, &name, Target::Import(path), &[Macro], ROOT);
        }
    }

    fn import(&mut self, item: &syn::ItemUse) {
        let kind = match item.vis {
            Visibility::Inherited => MentionKind::Use,
            // `pub(self)` is the same as no visibility.
            Visibility::Restricted(ref to) if to.path.is_ident("self") => MentionKind::Use,
            _ => MentionKind::Reexport,
        };
        let visible_in = self.visible_in(&item.vis);
        let start = Spelled { absolute: item.leading_colon.is_some(), words: Vec::new() };
        self.use_tree(&item.tree, &start, kind, visible_in);
    }

    fn use_tree(
        &mut self,
        tree: &UseTree,
        before: &Spelled,
        kind: MentionKind,
        visible_in: ScopeId,
    ) {
        let join = |word: &syn::Ident| {
            let mut path = before.clone();
            if word != "self" || path.words.is_empty() {
                path.words.push(word.to_string());
            }
            path
        };
        match tree {
            UseTree::Path(path) => self.use_tree(&path.tree, &join(&path.ident), kind, visible_in),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, before, kind, visible_in);
                }
            }
            UseTree::Glob(glob) => {
                self.mention(glob.star_token.spans[0], before.clone(), kind, true);
                self.tree.scopes[self.scope].globs.push((before.clone(), visible_in));
            }
            UseTree::Name(name) => {
                let path = join(&name.ident);
                let bound = path.words.last().cloned().unwrap_or_default();
                self.bind_import(&bound, name.ident.span(), path, kind, visible_in);
            }
            UseTree::Rename(rename) => {
                let bound = rename.rename.to_string();
                let path = join(&rename.ident);
                self.bind_import(&bound, rename.ident.span(), path, kind, visible_in);
            }
        }
    }

    fn bind_import(
        &mut self,
        name: &str,
        at: Span,
        path: Spelled,
        kind: MentionKind,
        seen: ScopeId,
    ) {
        self.mention(at, path.clone(), kind, false);
        if name != "_" {
            let target = Target::Import(path);
            self.tree.bind(self.scope, name, target, &[Type, Value, Macro], seen);
        }
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if self.skips(attributes(item)) {
            if let Item::Mod(module) = item {
                let scope = self.tree.inline_module(self.scope, &module.ident.to_string());
                self.tree.scopes[scope].test = true;
                self.declared.insert(scope);
            }
            return;
        }
        match item {
            Item::Const(i) => self.item(&i.ident, &i.vis, Target::Item, &[Value]),
            Item::Static(i) => self.item(&i.ident, &i.vis, Target::Item, &[Value]),
            Item::Fn(i) => self.item(&i.sig.ident, &i.vis, Target::Item, &[Value]),
            Item::Struct(i) if matches!(i.fields, syn::Fields::Named(_)) => {
                self.item(&i.ident, &i.vis, Target::Item, &[Type]);
            }
            Item::Struct(i) => self.item(&i.ident, &i.vis, Target::Item, &[Type, Value]),
            Item::Enum(i) => {
                let variants = i.variants.iter().map(|variant| variant.ident.to_string());
                self.item(&i.ident, &i.vis, Target::Enum(variants.collect()), &[Type]);
            }
            Item::Union(i) => self.item(&i.ident, &i.vis, Target::Item, &[Type]),
            Item::Trait(i) => self.item(&i.ident, &i.vis, Target::Item, &[Type]),
            Item::TraitAlias(i) => self.item(&i.ident, &i.vis, Target::Item, &[Type]),
            Item::Type(i) => self.item(&i.ident, &i.vis, Target::Item, &[Type]),
            Item::Macro(i) => self.macro_item(i),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let scope = self.tree.inline_module(self.scope, &item.ident.to_string());
        self.declared.insert(scope);
        let visible_in = self.visible_in(&item.vis);
        let name = item.ident.to_string();
        for binding in self.tree.scopes[self.scope].names.entry(name).or_default() {
            if matches!(binding.target, Target::Module(_)) {
                binding.visible_in = visible_in;
            }
        }
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_use")) {
            self.tree.scopes[self.scope].macros_of.push(scope);
        }
        if let Some((_, items)) = &item.content {
            self.within(scope, |this| items.iter().for_each(|item| this.visit_item(item)));
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename).to_string();
        if item.ident == "self" {
            self.tree.name = name;
        } else {
            let path = Spelled { absolute: true, words: vec![item.ident.to_string()] };
            self.bind_import(&name, item.ident.span(), path, MentionKind::Use, ROOT);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        if block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Item(_))) {
            let scope = self.tree.block(self.scope);
            self.within(scope, |this| visit::visit_block(this, block));
        } else {
            visit::visit_block(self, block);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attrs = match item {
            syn::ImplItem::Const(i) => &i.attrs,
            syn::ImplItem::Fn(i) => &i.attrs,
            syn::ImplItem::Type(i) => &i.attrs,
            syn::ImplItem::Macro(i) => &i.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !self.skips(attrs) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        let attrs = match item {
            syn::TraitItem::Const(i) => &i.attrs,
            syn::TraitItem::Fn(i) => &i.attrs,
            syn::TraitItem::Type(i) => &i.attrs,
            syn::TraitItem::Macro(i) => &i.attrs,
            _ => return visit::visit_trait_item(self, item),
        };
        if !self.skips(attrs) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_field(&mut self, i: &'ast syn::Field) {
        if !self.skips(&i.attrs) {
            visit::visit_field(self, i);
        }
    }

    fn visit_variant(&mut self, i: &'ast syn::Variant) {
        if !self.skips(&i.attrs) {
            visit::visit_variant(self, i);
        }
    }

    fn visit_field_value(&mut self, i: &'ast syn::FieldValue) {
        if !self.skips(&i.attrs) {
            visit::visit_field_value(self, i);
        }
    }

    fn visit_arm(&mut self, i: &'ast syn::Arm) {
        if !self.skips(&i.attrs) {
            visit::visit_arm(self, i);
        }
    }

    fn visit_local(&mut self, i: &'ast syn::Local) {
        if !self.skips(&i.attrs) {
            visit::visit_local(self, i);
        }
    }

    fn visit_stmt_macro(&mut self, i: &'ast syn::StmtMacro) {
        if !self.skips(&i.attrs) {
            visit::visit_stmt_macro(self, i);
        }
    }

    /// Attributes may name items; those for lints, docs and conditions do not.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let quiet = ["doc", "cfg", "cfg_attr", "allow", "expect", "warn", "deny", "forbid"];
        if !quiet.iter().any(|name| attribute.path().is_ident(name)) {
            visit::visit_attribute(self, attribute);
        }
    }

    /// The path in `pub(in path)` is of those who may use the item, not a use.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_expr_path(&mut self, i: &'ast syn::ExprPath) {
        match &i.qself {
            Some(qself) => self.qualified(qself, &i.path),
            None => {
                self.namespace = Value;
                self.visit_path(&i.path);
            }
        }
    }

    fn visit_type_path(&mut self, i: &'ast syn::TypePath) {
        match &i.qself {
            Some(qself) => self.qualified(qself, &i.path),
            None => visit::visit_type_path(self, i),
        }
    }

    fn visit_macro(&mut self, i: &'ast syn::Macro) {
        self.namespace = Macro;
        self.visit_path(&i.path);
        self.visit_token_stream(&i.tokens);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let namespace = std::mem::replace(&mut self.namespace, Type);
        if let Some(first) = path.segments.first() {
            let words = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let spelled = Spelled { absolute: path.leading_colon.is_some(), words };
            self.mention(first.ident.span(), spelled, MentionKind::Code(namespace), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        let mut found = Vec::new();
        tokens::scan(tokens.clone(), &mut found);
        for (line, path, namespace) in found {
            let kind = MentionKind::Code(namespace);
            self.tree.mentions.push(Mention { scope: self.scope, line, path, kind, glob: false });
        }
    }
}

impl Collector<'_> {
    /// `<Type as Trait>::Item`: the type, and the path as far as the trait goes.
    fn qualified(&mut self, qself: &syn::QSelf, path: &syn::Path) {
        self.visit_type(&qself.ty);
        if let (Some(first), true) = (path.segments.first(), qself.position > 0) {
            let words = path.segments.iter().take(qself.position);
            let words = words.map(|segment| segment.ident.to_string()).collect();
            let spelled = Spelled { absolute: path.leading_colon.is_some(), words };
            self.mention(first.ident.span(), spelled, MentionKind::Code(Type), false);
        }
        for segment in &path.segments {
            self.visit_path_segment(segment);
        }
    }
}

/// Collects words among tokens that may be names of generated items.
fn generated(words: &mut HashSet<String>, tokens: &TokenStream) {
    const PRELUDE: [&str; 9] =
        ["Self", "Option", "Some", "None", "Result", "Ok", "Err", "Vec", "String"];
    for token in tokens.clone() {
        match token {
            proc_macro2::TokenTree::Group(group) => generated(words, &group.stream()),
            proc_macro2::TokenTree::Ident(word) if !PRELUDE.iter().any(|name| word == name) => {
                words.insert(word.to_string());
            }
            _ => {}
        }
    }
}

/// Whether something is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let parse = |list: &syn::MetaList| {
        let parser = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
        list.parse_args_with(parser).unwrap_or_default()
    };
    match condition {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("doctest"),
        Meta::List(list) if list.path.is_ident("all") => parse(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => {
            let parts = parse(list);
            !parts.is_empty() && parts.iter().all(needs_test)
        }
        _ => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::ForeignMod(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::TraitAlias(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}
