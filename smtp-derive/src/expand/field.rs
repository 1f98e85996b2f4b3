//! The output of a field of a command: the calls that write its argument.
//!
//! Every token has the span of the field's type, so that an error of the type is shown there.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, LitStr, Member, Path};

use crate::model::{Encoder, Field, Many, Role};
use crate::span;

/// Writes a field. `bound` says that it was taken out of its variant, `listing` is the keyword
/// whose parameters the server lists.
pub(super) fn write(
    smtp: &Path,
    field: &Field,
    bound: bool,
    line: &Ident,
    listing: Option<&LitStr>,
) -> TokenStream {
    let span = Span::call_site().located_at(field.ty.span());
    Writer::new(span, smtp, field, bound, line).write(listing)
}

struct Writer<'a> {
    field: &'a Field,
    span: Span,
    smtp: TokenStream,
    line: Ident,
    /// One value of several.
    value: Ident,
    /// A reference to the field.
    reference: TokenStream,
    bound: bool,
}

impl<'a> Writer<'a> {
    fn new(span: Span, smtp: &Path, field: &'a Field, bound: bool, line: &Ident) -> Self {
        let mut line = line.clone();
        line.set_span(line.span().located_at(span));
        let reference = if bound {
            field.binding.to_token_stream()
        } else {
            let mut member = field.member.clone();
            if let Member::Named(name) = &mut member {
                name.set_span(name.span().located_at(span));
            }
            quote_spanned!(span=> &self.#member)
        };
        Self {
            field,
            span,
            smtp: span::at(span, smtp.to_token_stream()),
            line,
            value: Ident::new("value", Span::mixed_site().located_at(span)),
            reference,
            bound,
        }
    }

    fn write(&self, listing: Option<&LitStr>) -> TokenStream {
        let Self { field, span, smtp, line, reference, .. } = self;
        let facts = self.facts();
        let written = match field.role() {
            Role::Skip => return TokenStream::new(),
            Role::Flatten => {
                quote_spanned!(*span=> #facts #smtp::command::Arguments::write(#reference, #line);)
            }
            Role::Flag(keyword) => {
                let condition = self.flag();
                quote_spanned!(*span=> if #condition { #facts #line.flag(#keyword); })
            }
            Role::Argument | Role::Param(_) | Role::Text => self.values(&facts),
        };
        self.conditions(listing, written)
    }

    /// The field itself, which is a `bool`.
    fn flag(&self) -> TokenStream {
        let Self { field, span, reference, .. } = self;
        let member = &field.member;
        if self.bound {
            quote_spanned!(*span=> *#reference)
        } else {
            quote_spanned!(*span=> self.#member)
        }
    }

    fn values(&self, facts: &TokenStream) -> TokenStream {
        let Self { field, span, smtp, line, value, reference, .. } = self;
        match (field.many, &field.join) {
            (Many::One, _) => {
                let written = self.one(&self.encoded(reference));
                quote_spanned!(*span=> #facts #written)
            }
            (Many::Optional, _) => {
                let written = self.one(&self.encoded(&value.to_token_stream()));
                quote_spanned! {*span=>
                    if let #smtp::__private::Some(#value) = #reference {
                        #facts
                        #written
                    }
                }
            }
            (Many::Repeated, None) => {
                let written = self.one(&self.encoded(&value.to_token_stream()));
                quote_spanned! {*span=>
                    for #value in #reference {
                        #facts
                        #written
                    }
                }
            }
            (Many::Repeated, Some(separator)) => {
                let each = self.encoded(&value.to_token_stream());
                let joined = quote_spanned! {*span=>
                    &#smtp::__private::join(#reference, #separator, |#value, #line| {
                        #smtp::command::Argument::write(#each, #line);
                    })
                };
                let written = self.one(&joined);
                quote_spanned! {*span=>
                    if !#smtp::__private::is_empty(#reference) {
                        #facts
                        #written
                    }
                }
            }
        }
    }

    /// Writes one value.
    fn one(&self, encoded: &TokenStream) -> TokenStream {
        let Self { field, span, line, .. } = self;
        match field.role() {
            Role::Param(keyword) => quote_spanned!(*span=> #line.param(#keyword, #encoded);),
            Role::Text => quote_spanned!(*span=> #line.text(#encoded);),
            _ => quote_spanned!(*span=> #line.arg(#encoded);),
        }
    }

    /// A reference to the encoded value.
    fn encoded(&self, value: &TokenStream) -> TokenStream {
        let Self { field, span, smtp, .. } = self;
        let encoded = match &field.encoder {
            Encoder::Display => value.clone(),
            Encoder::Xtext => quote_spanned!(*span=> &#smtp::__private::xtext(#value)),
            Encoder::Base64 => quote_spanned!(*span=> &#smtp::__private::base64(#value)),
            Encoder::With(function) => {
                quote_spanned!(*span=> &#smtp::__private::encoded(#value, #function(#value)))
            }
        };
        let encoded = match &field.secret {
            Some(_) => quote_spanned!(*span=> &#smtp::__private::hidden(#encoded)),
            None => encoded,
        };
        match &field.prefix {
            Some(prefix) => {
                quote_spanned!(*span=> &#smtp::__private::prefixed(#prefix, #encoded))
            }
            None => encoded,
        }
    }

    /// The requirements of the line that stand before the field is written.
    fn facts(&self) -> TokenStream {
        let Self { field, span, line, .. } = self;
        let requires = field.requires.iter();
        let raises = field.raises.iter();
        let utf8 = field.utf8.then(|| quote_spanned!(*span=> #line.allow_utf8();));
        quote_spanned! {*span=>
            #(#line.require(#requires);)*
            #(#line.raise_limit(#raises);)*
            #utf8
        }
    }

    /// When the field is written at all.
    fn conditions(&self, listing: Option<&LitStr>, written: TokenStream) -> TokenStream {
        let Self { field, span, smtp, line, reference, .. } = self;
        let name = match field.role() {
            Role::Param(name) | Role::Flag(name) => Some(name),
            _ => None,
        };
        let offered = field.if_offered.iter();
        let offered = offered.map(|keyword| quote_spanned!(*span=> #line.offers(#keyword)));
        let listed = field.if_listed.iter();
        let listed = listed.map(|_| quote_spanned!(*span=> #line.lists(#listing, #name)));
        let changed = field.unless_default.iter();
        let changed =
            changed.map(|_| quote_spanned!(*span=> !#smtp::__private::is_default(#reference)));
        let mut conditions = offered.chain(listed).chain(changed).peekable();
        if conditions.peek().is_none() {
            return written;
        }
        quote_spanned!(*span=> if #(#conditions)&&* { #written })
    }
}
