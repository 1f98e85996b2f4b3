//! `impl Command`: facts and line.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, LitStr, Path};

use super::states;
use crate::attr::Code;
use crate::model::{Command, Encoder, Field, Many, Model, Role, Shape};

pub(super) fn command(model: &Model<'_>, command: &Command) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    let reply = match &command.reply {
        Some(reply) => quote!(#reply),
        None => quote!(#smtp::Reply),
    };
    let spec = spec(smtp, command);
    let line = Ident::new("line", Span::mixed_site());
    let encode = encode(smtp, command, &line);
    let states = states(model, command);
    let pipelined = command.pipelining.then(|| pipelined(model));
    quote! {
        #[automatically_derived]
        impl #generics #smtp::Command for #name #arguments #bounds {
            type Reply = #reply;
            const SPEC: #smtp::CommandSpec = #spec;

            fn encode(&self, #line: &mut #smtp::Line<'_>) {
                #encode
            }
        }
        #states
        #pipelined
    }
}

/// Others may follow the command before its reply has come.
pub(crate) fn pipelined(model: &Model<'_>) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #smtp::Pipelined for #name #arguments #bounds {}
    }
}

fn spec(smtp: &Path, command: &Command) -> TokenStream {
    let verb = command
        .verb
        .as_ref()
        .or_else(|| command.shapes.iter().find_map(|shape| shape.verb.as_ref()));
    let requires = command.requires.iter().map(|keyword| quote!(.requires(#keyword)));
    let accepts = (!command.accepts.is_empty()).then(|| {
        let patterns = command.accepts.iter().map(|code| pattern(smtp, code));
        quote!(.accepts(&[#(#patterns),*]))
    });
    let stage = command.stage.iter().map(|stage| quote!(.stage(#smtp::Stage::#stage)));
    let pipelining = command.pipelining.then(|| quote!(.pipelining()));
    let resets = command.resets.then(|| quote!(.resets()));
    let reply_lines = command.reply_lines.iter().map(|lines| quote!(.reply_lines(#lines)));
    quote! {
        #smtp::CommandSpec::new(#verb)
            #(#requires)* #accepts #(#stage)* #pipelining #resets #(#reply_lines)*
    }
}

fn pattern(smtp: &Path, code: &Code) -> TokenStream {
    let number = code.number;
    if code.class {
        let digit = proc_macro2::Literal::u8_unsuffixed(u8::try_from(number).unwrap_or_default());
        quote!(#smtp::CodePattern::Class(#digit))
    } else {
        let number = proc_macro2::Literal::u16_unsuffixed(number);
        quote!(#smtp::CodePattern::Exactly(#number))
    }
}

fn encode(smtp: &Path, command: &Command, line: &Ident) -> TokenStream {
    let body = |shape: &Shape| {
        let verb = shape.verb.as_ref().or(command.verb.as_ref());
        let requires_of = shape.requires.as_ref().or(command.requires.as_ref());
        let requires = shape.requires.iter().map(|keyword| quote!(#line.require(#keyword);));
        let fields = shape.fields.iter().map(|field| {
            let place = if shape.variant.is_some() {
                let binding = &field.binding;
                quote!(#binding)
            } else {
                let member = &field.member;
                quote_spanned!(field.ty.span()=> self.#member)
            };
            self::field(smtp, field, &place, shape.variant.is_some(), line, requires_of)
        });
        let rest = command.rest.iter().map(|function| quote!(#function(self, #line);));
        quote! {
            #(#requires)*
            #line.verb(#verb);
            #(#fields)*
            #(#rest)*
        }
    };
    match command.shapes.as_slice() {
        [shape] if shape.variant.is_none() => body(shape),
        shapes => {
            let arms = shapes.iter().map(|shape| {
                let variant = &shape.variant;
                let used = |field: &&Field| !matches!(field.role, Role::Skip);
                let bindings = shape.fields.iter().filter(used).map(|field| {
                    let (member, binding) = (&field.member, &field.binding);
                    quote!(#member: #binding)
                });
                let rest = shape
                    .fields
                    .iter()
                    .any(|field| matches!(field.role, Role::Skip))
                    .then(|| quote!(..));
                let body = body(shape);
                quote!(Self::#variant { #(#bindings,)* #rest } => { #body })
            });
            quote!(match self { #(#arms)* })
        }
    }
}

/// What a field writes, when it writes anything. `place` is a place, or a reference in `bound`.
fn field(
    smtp: &Path,
    field: &Field,
    place: &TokenStream,
    bound: bool,
    line: &Ident,
    listing: Option<&LitStr>,
) -> TokenStream {
    let span = field.ty.span();
    let reference = if bound { place.clone() } else { quote_spanned!(span=> &#place) };
    let written = match &field.role {
        Role::Skip => return TokenStream::new(),
        Role::Flatten => {
            let call = quote_spanned!(field.ty.span()=> #smtp::Arguments::write(#reference, #line));
            quote!(#call;)
        }
        Role::Flag(keyword) => {
            let condition = if bound { quote!(*#place) } else { quote!(#place) };
            let facts = facts(field, line);
            let written = quote!(#facts #line.flag(#keyword););
            return conditions(
                smtp,
                field,
                &reference,
                line,
                listing,
                quote!(if #condition { #written }),
            );
        }
        Role::Argument | Role::Param(_) => values(smtp, field, &reference, line),
    };
    conditions(smtp, field, &reference, line, listing, written)
}

fn values(smtp: &Path, field: &Field, reference: &TokenStream, line: &Ident) -> TokenStream {
    let facts = facts(field, line);
    // Its own name, at the place of the field's type: errors are shown there.
    let value = Ident::new("value", Span::mixed_site().located_at(field.ty.span()));
    let one = |value: &TokenStream| {
        let encoded = encoded(smtp, field, value);
        match &field.role {
            Role::Param(keyword) => quote!(#line.param(#keyword, #encoded);),
            _ => quote!(#line.arg(#encoded);),
        }
    };
    match &field.many {
        Many::One => {
            let written = one(reference);
            quote!(#facts #written)
        }
        Many::Optional => {
            let written = one(&quote!(#value));
            quote! {
                if let #smtp::__private::Some(#value) = #reference {
                    #facts
                    #written
                }
            }
        }
        Many::Repeated => {
            let written = one(&quote!(#value));
            quote! {
                for #value in #reference {
                    #facts
                    #written
                }
            }
        }
        Many::Joined(separator) => {
            let each = encoded(smtp, field, &quote!(#value));
            let joined = quote!(&#smtp::__private::join(#reference, #separator, |#value, #line| {
                #smtp::Argument::write(#each, #line);
            }));
            let written = match &field.role {
                Role::Param(keyword) => quote!(#line.param(#keyword, #joined);),
                _ => quote!(#line.arg(#joined);),
            };
            let place = reference;
            quote! {
                if !#smtp::__private::is_empty(#place) {
                    #facts
                    #written
                }
            }
        }
    }
}

/// What must be said before the field is written.
fn facts(field: &Field, line: &Ident) -> TokenStream {
    let requires = field.requires.iter();
    let raises = field.raises.iter();
    let utf8 = field.utf8.then(|| quote!(#line.allow_utf8();));
    quote! {
        #(#line.require(#requires);)*
        #(#line.raise_limit(#raises);)*
        #utf8
    }
}

/// When the field is written at all.
fn conditions(
    smtp: &Path,
    field: &Field,
    reference: &TokenStream,
    line: &Ident,
    keyword: Option<&LitStr>,
    written: TokenStream,
) -> TokenStream {
    let name = match &field.role {
        Role::Param(name) | Role::Flag(name) => Some(name),
        _ => None,
    };
    let offered = field.if_offered.iter().map(|keyword| quote!(#line.offers(#keyword)));
    let listed = field.if_listed.iter().map(|_| quote!(#line.lists(#keyword, #name)));
    let changed = field
        .unless_default
        .iter()
        .map(|_| quote_spanned!(field.ty.span()=> !#smtp::__private::is_default(#reference)));
    let mut conditions = offered.chain(listed).chain(changed).peekable();
    if conditions.peek().is_none() {
        return written;
    }
    quote!(if #(#conditions)&&* { #written })
}

/// A reference to the encoded value, spanned so that a type without an encoding is underlined.
fn encoded(smtp: &Path, field: &Field, value: &TokenStream) -> TokenStream {
    let span = field.ty.span();
    let encoded = match &field.encoder {
        Encoder::Display => quote_spanned!(span=> #value),
        Encoder::Xtext => quote_spanned!(span=> &#smtp::__private::Xtext(#value)),
        Encoder::Base64 => quote_spanned!(span=> &#smtp::__private::base64(#value)),
        Encoder::With(function) => quote_spanned!(span=> &#function(#value)),
    };
    match &field.prefix {
        Some(prefix) => quote_spanned!(span=> &#smtp::__private::Prefixed(#prefix, #encoded)),
        None => encoded,
    }
}
