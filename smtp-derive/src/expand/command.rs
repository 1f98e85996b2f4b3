//! The output of a command: `impl Command`, with its `SPEC` and the function that writes its line.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Path};

use super::{field, states};
use crate::attr::Code;
use crate::model::{Command, Field, Model, Role, Shape};
use crate::span;

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
    let pipelined = command.pipelining.is_some().then(|| pipelined(model));
    let read = read(model, command);
    quote! {
        #[automatically_derived]
        impl #generics #smtp::Command for #name #arguments #bounds {
            type Reply = #reply;
            const SPEC: #smtp::command::CommandSpec = #spec;

            fn encode(&self, #line: &mut #smtp::command::Line<'_>) {
                #encode
            }
        }
        #states
        #pipelined
        #read
    }
}

/// The check that the command accepts each code of its reply type. It is made when the program is
/// compiled, unless one of the two is generic.
fn read(model: &Model<'_>, command: &Command) -> Option<TokenStream> {
    let reply = command.reply.as_ref()?;
    if !model.input.generics.params.is_empty() {
        return None;
    }
    let name = &model.input.ident;
    let span = Span::call_site().located_at(reply.span());
    let smtp = span::at(span, model.smtp.to_token_stream());
    let name = Ident::new(&name.to_string(), name.span().located_at(span));
    Some(quote_spanned!(span=> const _: () = #smtp::__private::reads::<#name>();))
}

/// The mark that others may follow the command before its reply has come.
pub(crate) fn pipelined(model: &Model<'_>) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #smtp::state::Pipelined for #name #arguments #bounds {}
    }
}

fn spec(smtp: &Path, command: &Command) -> TokenStream {
    let verb = command
        .verb
        .as_ref()
        .or_else(|| command.shapes.iter().find_map(|shape| shape.verb.as_ref()));
    let requires = command.requires.iter().map(|keyword| quote!(.requires(#keyword)));
    let patterns: Vec<TokenStream> = match command.accepts.as_slice() {
        [] if command.content.is_some() => vec![quote!(#smtp::command::CodePattern::Exactly(354))],
        codes => codes.iter().map(|code| pattern(smtp, code)).collect(),
    };
    let accepts = (!patterns.is_empty()).then(|| quote!(.accepts(&[#(#patterns),*])));
    let stage = command.stage.iter().map(|stage| quote!(.stage(#smtp::command::Stage::#stage)));
    let pipelining = command.pipelining.iter().map(|_| quote!(.pipelining()));
    let resets = command.resets.iter().map(|_| quote!(.resets()));
    let reply_lines = command.reply_lines.iter().map(|lines| quote!(.reply_lines(#lines)));
    quote! {
        #smtp::command::CommandSpec::new(#verb)
            #(#requires)* #accepts #(#stage)* #(#pipelining)* #(#resets)* #(#reply_lines)*
    }
}

pub(super) fn pattern(smtp: &Path, code: &Code) -> TokenStream {
    let number = code.number;
    if code.class {
        let digit = proc_macro2::Literal::u8_unsuffixed(u8::try_from(number).unwrap_or_default());
        quote!(#smtp::command::CodePattern::Class(#digit))
    } else {
        let number = proc_macro2::Literal::u16_unsuffixed(number);
        quote!(#smtp::command::CodePattern::Exactly(#number))
    }
}

fn encode(smtp: &Path, command: &Command, line: &Ident) -> TokenStream {
    let body = |shape: &Shape| {
        let verb = shape.verb.as_ref().or(command.verb.as_ref());
        let requires_of = shape.requires.as_ref().or(command.requires.as_ref());
        let requires = shape.requires.iter().map(|keyword| quote!(#line.require(#keyword);));
        let bound = shape.variant.is_some();
        let write = |each: &Field| field::write(smtp, each, bound, line, requires_of);
        let fields = shape.fields.iter().map(write);
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
                let used = |field: &&Field| !matches!(field.role(), Role::Skip);
                let bindings = shape.fields.iter().filter(used).map(|field| {
                    let (member, binding) = (&field.member, &field.binding);
                    quote!(#member: #binding)
                });
                let rest = shape
                    .fields
                    .iter()
                    .any(|field| matches!(field.role(), Role::Skip))
                    .then(|| quote!(..));
                let body = body(shape);
                quote!(Self::#variant { #(#bindings,)* #rest } => { #body })
            });
            quote!(match self { #(#arms)* })
        }
    }
}
