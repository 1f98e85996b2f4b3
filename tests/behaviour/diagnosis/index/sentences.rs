//! The sentences that the sources can say: the texts in `Display` of each error.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// The types whose texts stand in the index.
const ERRORS: [&str; 16] = [
    "ContentError",
    "DeliveryUnknown",
    "EncodeError",
    "EnvelopeError",
    "Fault",
    "LengthError",
    "Lost",
    "NotSent",
    "Outcome",
    "ProtocolError",
    "Refusal",
    "ReplyError",
    "SyntaxError",
    "TransitionError",
    "Undelivered",
    "Unsent",
];

/// Sentences of the same types that tell of no error, or stand in the index in each of their forms.
const NO_ERRORS: [&str; 2] = ["the server accepted it", "0 cannot be 0"];

/// Each text that is more than a word or two, with 0 for what differs.
pub(super) fn of_sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Found(Vec::new());
    for folder in ["smtp/src", "smtp-grammar/src"] {
        read(&root.join(folder), &mut found);
    }
    found.0
}

fn read(folder: &Path, found: &mut Found) {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            found.visit_file(&syn::parse_file(&source).expect("Rust"));
        }
    }
}

struct Found(Vec<String>);

impl<'ast> Visit<'ast> for Found {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let is_display = item.trait_.as_ref().is_some_and(|(path, ..)| ends(path, &["Display"]));
        let is_error = matches!(&*item.self_ty, syn::Type::Path(of) if ends(&of.path, &ERRORS));
        if is_display && is_error {
            let mut texts = Texts(&mut self.0);
            syn::visit::visit_item_impl(&mut texts, item);
        }
    }
}

fn ends(path: &syn::Path, names: &[&str]) -> bool {
    path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

struct Texts<'a>(&'a mut Vec<String>);

impl Texts<'_> {
    fn take(&mut self, text: &str) {
        let text = super::plain(text);
        let parts = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, part)| part));
        let sentence = parts.collect::<Vec<_>>().join("0");
        if sentence.contains(' ') && sentence.len() > 15 && !NO_ERRORS.contains(&&*sentence) {
            self.0.push(sentence);
        }
    }

    fn take_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.take_tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.take(&text.value());
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Texts<'_> {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.take(&text.value());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.take_tokens(called.tokens.clone());
    }
}
