//! The output for a wrong input: its errors, and just enough for the rest of the program to
//! compile, so that one mistake is one error.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Error;

use crate::expand::{free, pipelined, states};
use crate::model::{Kind, Model, ReplyModel};

pub(crate) fn command(model: &Model<'_>, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    match &model.kind {
        Kind::Mechanism(_) => quote! {
            #errors
            #[automatically_derived]
            impl #generics #smtp::Mechanism for #name #arguments #bounds {
                fn name(&self) -> &str {
                    ""
                }
                fn reveals_secret(&self) -> bool {
                    true
                }
                fn initial_response(
                    &mut self,
                ) -> #smtp::__private::Result<
                    #smtp::__private::Option<#smtp::Secret>,
                    #smtp::auth::MechanismError,
                > {
                    #smtp::__private::Ok(#smtp::__private::None)
                }
                fn respond(
                    &mut self,
                    challenge: #smtp::auth::Challenge<'_>,
                ) -> #smtp::__private::Result<#smtp::auth::Step, #smtp::auth::MechanismError> {
                    #smtp::__private::Err(challenge.unexpected())
                }
            }
        },
        Kind::Command(command) => {
            let reply = match &command.reply {
                Some(reply) => quote!(#reply),
                None => quote!(#smtp::Reply),
            };
            // Edges that were understood stay; without any, the command may be sent anywhere.
            let understood = states(model, command);
            let states = if understood.is_empty() {
                let mut generics = model.input.generics.clone();
                let state = free(&generics, "State");
                generics.params.push(syn::parse_quote!(#state: #smtp::state::State));
                let (generics, ..) = generics.split_for_impl();
                let marker = match &command.converses {
                    Some(_) => quote!(ExchangeIn),
                    None => quote!(ValidIn),
                };
                quote! {
                    #[automatically_derived]
                    impl #generics #smtp::state::#marker<#state> for #name #arguments #bounds {}
                }
            } else {
                understood
            };
            let pipelined = pipelined(model);
            quote! {
                #errors
                #[automatically_derived]
                impl #generics #smtp::Command for #name #arguments #bounds {
                    type Reply = #reply;
                    const SPEC: #smtp::command::CommandSpec = #smtp::command::CommandSpec::new("");
                    fn encode(&self, _: &mut #smtp::command::Line<'_>) {}
                }
                #states
                #pipelined
            }
        }
    }
}

pub(crate) fn reply(model: &ReplyModel<'_>, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    quote! {
        #errors
        #[automatically_derived]
        impl #generics #smtp::command::FromReply for #name #arguments #bounds {
            fn from_reply(
                reply: #smtp::Reply,
            ) -> #smtp::__private::Result<Self, #smtp::error::ReplyError> {
                #smtp::__private::Err(#smtp::error::ReplyError::unexpected_code(reply))
            }
        }
    }
}
