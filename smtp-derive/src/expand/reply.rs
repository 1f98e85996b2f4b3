//! The output of a reply type: `impl FromReply`, with a value for each code.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Path};

use super::command::pattern;
use crate::model::{Arm, Holds, Part, ReplyField, ReplyModel};
use crate::span;

pub(crate) fn reply(model: &ReplyModel<'_>) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    let reply = Ident::new("reply", Span::mixed_site());
    let body = match model.arms.as_slice() {
        [arm] if arm.variant.is_none() => value(smtp, arm, &reply),
        arms => {
            // A code goes before its class, in any order of the variants.
            let exact = arms.iter().filter_map(|arm| self::arm(smtp, arm, &reply, false));
            let classes = arms.iter().filter_map(|arm| self::arm(smtp, arm, &reply, true));
            quote! {
                match #reply.code().value() {
                    #(#exact)*
                    #(#classes)*
                    _ => #smtp::__private::Err(#smtp::error::ReplyError::unexpected_code(#reply)),
                }
            }
        }
    };
    let codes = codes(model);
    quote! {
        #[automatically_derived]
        impl #generics #smtp::command::FromReply for #name #arguments #bounds {
            #codes
            fn from_reply(
                #reply: #smtp::Reply,
            ) -> #smtp::__private::Result<Self, #smtp::error::ReplyError> {
                #body
            }
        }
    }
}

/// The codes of all variants.
fn codes(model: &ReplyModel<'_>) -> Option<TokenStream> {
    let smtp = &model.smtp;
    let mut codes = model.arms.iter().flat_map(|arm| &arm.codes).peekable();
    codes.peek()?;
    let patterns = codes.map(|code| pattern(smtp, code));
    Some(quote!(const CODES: &'static [#smtp::command::CodePattern] = &[#(#patterns),*];))
}

fn arm(smtp: &Path, arm: &Arm, reply: &Ident, classes: bool) -> Option<TokenStream> {
    let mut patterns = arm
        .codes
        .iter()
        .filter(|code| code.class == classes)
        .map(|code| {
            if classes {
                let first = Literal::u16_unsuffixed(code.number * 100);
                let last = Literal::u16_unsuffixed(code.number * 100 + 99);
                quote!(#first..=#last)
            } else {
                let number = Literal::u16_unsuffixed(code.number);
                quote!(#number)
            }
        })
        .peekable();
    patterns.peek()?;
    let value = value(smtp, arm, reply);
    Some(quote!(#(#patterns)|* => #value,))
}

fn value(smtp: &Path, arm: &Arm, reply: &Ident) -> TokenStream {
    let name = match &arm.variant {
        Some(variant) => quote!(Self::#variant),
        None => quote!(Self),
    };
    let fields = arm.fields.iter().map(|field| {
        let member = &field.member;
        let value = part(smtp, field, reply);
        quote!(#member: #value)
    });
    quote!(#smtp::__private::Ok(#name { #(#fields),* }))
}

fn part(smtp: &Path, field: &ReplyField, reply: &Ident) -> TokenStream {
    let span = Span::call_site().located_at(field.ty.span());
    let smtp = span::at(span, smtp.to_token_stream());
    let mut reply = reply.clone();
    reply.set_span(reply.span().located_at(span));
    let holds = field.holds();
    let optional = holds == Holds::Optional;
    match &field.part {
        Part::Text(None) if optional => {
            quote_spanned!(span=> #smtp::__private::optional_text(&#reply)?)
        }
        Part::Text(None) => quote_spanned!(span=> #smtp::__private::text_from_str(&#reply)?),
        // With its type: a parser of another one is underlined itself.
        Part::Text(Some(parser)) => {
            let ty = &field.ty;
            quote_spanned!(span=> #smtp::__private::text::<#ty>(&#reply, #parser)?)
        }
        Part::Lines(None) => quote_spanned!(span=> #smtp::__private::lines_from_str(&#reply)?),
        Part::Lines(Some(parser)) => {
            quote_spanned!(span=> #smtp::__private::lines(&#reply, #parser)?)
        }
        Part::Word(index) if optional => {
            quote_spanned!(span=> #smtp::__private::optional_word(&#reply, #index)?)
        }
        Part::Word(index) => quote_spanned!(span=> #smtp::__private::word(&#reply, #index)?),
        Part::Key(key) => match holds {
            Holds::Optional => quote_spanned!(span=> #smtp::__private::key(&#reply, #key)?),
            Holds::All => quote_spanned!(span=> #smtp::__private::keys(&#reply, #key)?),
            Holds::One => quote_spanned!(span=> #smtp::__private::required_key(&#reply, #key)?),
        },
        Part::Code => quote_spanned!(span=> #smtp::__private::code(&#reply)),
        Part::Enhanced => quote_spanned!(span=> #smtp::__private::enhanced(&#reply)),
        Part::Reply => quote_spanned!(span=> #smtp::__private::reply(&#reply)),
    }
}
