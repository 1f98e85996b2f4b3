//! Spans of generated code, and types without the groups of a macro.
//!
//! rustc underlines an expression from its first token to its last. One token with the span of the
//! derive would draw the underline there, so all tokens of an expression get the span of the field
//! that it is for.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use syn::Type;

/// The same tokens, at `span`. Their names resolve as before.
pub(crate) fn at(span: Span, tokens: TokenStream) -> TokenStream {
    tokens.into_iter().map(|token| token_at(span, token)).collect()
}

fn token_at(span: Span, mut token: TokenTree) -> TokenTree {
    if let TokenTree::Group(group) = &mut token {
        let own = group.span();
        *group = Group::new(group.delimiter(), at(span, group.stream()));
        group.set_span(own.located_at(span));
        return token;
    }
    token.set_span(token.span().located_at(span));
    token
}

/// The type without the invisible group that a `$t:ty` of a macro comes in, and without
/// parentheses.
pub(crate) fn ungroup(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}
