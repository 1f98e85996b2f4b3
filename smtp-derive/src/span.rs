//! Where an error of the generated code is shown, and types as they were written.
//!
//! rustc underlines an expression from its first token to its last. One token that stands at the
//! derive would drag the underline there, so all tokens of an expression get the place of the field
//! that it is for.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use syn::Type;

/// The same tokens, at `span`. What their names mean does not change.
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
