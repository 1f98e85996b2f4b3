//! `impl Mechanism`: what is said first, and to each challenge.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::{Ident, Path};

use crate::model::{Answers, Initial, Mechanism, Model, Template, TemplatePart};

pub(super) fn mechanism(model: &Model<'_>, mechanism: &Mechanism) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    let sasl_name = &mechanism.name;
    let reveals_secret = mechanism.reveals_secret;
    let initial = match &mechanism.initial {
        Initial::None => quote!(#smtp::__private::Ok(#smtp::__private::None)),
        Initial::Template(template) => {
            let message = message(smtp, template);
            quote!(#message.map(#smtp::__private::Some))
        }
        Initial::Function(function) => quote!(#function(self).map(#smtp::__private::Some)),
    };
    let challenge = Ident::new("challenge", Span::mixed_site());
    let respond = match &mechanism.answers {
        Answers::None => quote!(#smtp::__private::Err(#challenge.unexpected())),
        Answers::Function(function) => quote!(#function(self, #challenge)),
        Answers::Templates(templates) => {
            let arms = templates.iter().enumerate().map(|(index, template)| {
                let index = Literal::usize_unsuffixed(index);
                let message = message(smtp, template);
                quote!(#index => #message.map(#smtp::Step::from),)
            });
            quote! {
                match #challenge.index() {
                    #(#arms)*
                    _ => #smtp::__private::Err(#challenge.unexpected()),
                }
            }
        }
    };
    let complete = mechanism.complete.iter().map(|function| {
        quote! {
            fn is_complete(&self) -> bool {
                #function(self)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #generics #smtp::Mechanism for #name #arguments #bounds {
            fn name(&self) -> &str {
                #sasl_name
            }

            fn reveals_secret(&self) -> bool {
                #reveals_secret
            }

            fn initial_response(
                &mut self,
            ) -> #smtp::__private::Result<
                #smtp::__private::Option<#smtp::Secret>,
                #smtp::MechanismError,
            > {
                #initial
            }

            fn respond(
                &mut self,
                #challenge: #smtp::Challenge<'_>,
            ) -> #smtp::__private::Result<#smtp::Step, #smtp::MechanismError> {
                #respond
            }

            #(#complete)*
        }
    }
}

fn message(smtp: &Path, template: &Template) -> TokenStream {
    let pieces = template.iter().map(|part| match part {
        TemplatePart::Text(text) => {
            let octets = Literal::byte_string(text.as_bytes());
            quote!(#smtp::__private::Piece::Text(#octets))
        }
        TemplatePart::Field { member, name, nonempty: true } => {
            quote!(#smtp::__private::Piece::Required(#name, &self.#member))
        }
        TemplatePart::Field { member, name, .. } => {
            quote!(#smtp::__private::Piece::Field(#name, &self.#member))
        }
    });
    quote!(#smtp::__private::message(&[#(#pieces),*]))
}
