//! Paths among the tokens of a macro call: best effort, since only the macro knows its grammar.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tree::{Namespace, Spelled};

/// A path among tokens, with its line and the namespace that it seems to be in.
pub(crate) type Found = (usize, Spelled, Namespace);

/// Finds `a::b`, `::a::b`, `$crate::a`, `Name`, `name(..)` and `name!(..)`, in groups as well.
///
/// Left out: what follows a `.`, a quote, `$` or `#` (methods, fields, lifetimes, variables), and
/// single words in lower case, which are mostly variables.
pub(crate) fn scan(tokens: TokenStream, found: &mut Vec<Found>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => scan(group.stream(), found),
            TokenTree::Ident(_) => {
                let absolute = at >= 2 && is_colons(&tokens, at - 2);
                // `>::name` and `$x::name` go on from a type, ` ::name` does not.
                let continues = absolute && at >= 3 && touch(&tokens[at - 3], &tokens[at - 2]);
                let start = at;
                let words = path_words(&tokens, &mut at);
                if !continues && !is_variable(&tokens, start) {
                    push(&tokens, start, at, Spelled { absolute, words }, found);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
}

/// The words of the path that begins here; `at` is left on its last token.
fn path_words(tokens: &[TokenTree], at: &mut usize) -> Vec<String> {
    let mut words = vec![tokens[*at].to_string()];
    // `impl ::name` is a word and a path.
    while is_colons(tokens, *at + 1) && touch(&tokens[*at], &tokens[*at + 1]) {
        let Some(TokenTree::Ident(word)) = tokens.get(*at + 3) else { break };
        words.push(word.to_string());
        *at += 3;
    }
    words
}

fn push(tokens: &[TokenTree], start: usize, end: usize, path: Spelled, found: &mut Vec<Found>) {
    let next = tokens.get(end + 1);
    let called =
        matches!(next, Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis);
    let bang = matches!(next, Some(TokenTree::Punct(p)) if p.as_char() == '!')
        && matches!(tokens.get(end + 2), Some(TokenTree::Group(_)));
    let upper = path.words[0].starts_with(char::is_uppercase);
    if path.words.len() == 1 && !(path.absolute || upper || called || bang) {
        return;
    }
    let namespace = match (bang, called) {
        (true, _) => Namespace::Macro,
        (_, true) => Namespace::Value,
        _ => Namespace::Type,
    };
    found.push((tokens[start].span().start().line, path, namespace));
}

fn is_punct(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

/// Whether nothing, not even a space, is between two tokens.
fn touch(token: &TokenTree, next: &TokenTree) -> bool {
    token.span().end() == next.span().start()
}

/// Whether the word at an index follows a `.` (not `..`), a quote, `$` or `#`.
fn is_variable(tokens: &[TokenTree], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    if is_punct(tokens, before, '.') {
        return !before.checked_sub(1).is_some_and(|dot| is_punct(tokens, dot, '.'));
    }
    if is_punct(tokens, before, '$') {
        return !matches!(&tokens[at], TokenTree::Ident(word) if word == "crate");
    }
    is_punct(tokens, before, '\'') || is_punct(tokens, before, '#')
}
