//! The output of a mechanism: `impl Mechanism`, with its initial response and its answers.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Member, Path};

use crate::model::{Answers, Initial, Mechanism, Model, Slot, Template, TemplatePart};
use crate::span;

pub(super) fn mechanism(model: &Model<'_>, mechanism: &Mechanism) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    let sasl_name = &mechanism.name;
    let reveals_secret = reveals_secret(smtp, mechanism);
    let initial = match &mechanism.initial {
        Initial::None => {
            // An answer that a field must not be empty for is tried before AUTH leaves: servers
            // count a login that is given up as one that failed.
            let required = required(mechanism).map(|template| message(smtp, mechanism, template));
            quote!(#(#required?;)* #smtp::__private::Ok(#smtp::__private::None))
        }
        Initial::Template(template) => {
            let message = message(smtp, mechanism, template);
            quote!(#message.map(#smtp::__private::Some))
        }
        Initial::Function(function) => quote!(#function(self).map(#smtp::__private::Some)),
    };
    let challenge = Ident::new("challenge", Span::mixed_site());
    let respond = match &mechanism.answers {
        Answers::None => quote!(#smtp::__private::Err(#challenge.unexpected())),
        Answers::Function(function) => quote!(#function(self, #challenge)),
        Answers::Templates(_, templates) => {
            let arms = templates.iter().enumerate().map(|(index, template)| {
                let index = Literal::usize_unsuffixed(index);
                let message = message(smtp, mechanism, template);
                quote!(#index => #message.map(#smtp::auth::Step::Respond),)
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
    // One that answers nothing, and is content with any success, has said all with its initial
    // response.
    let speaks_once = !matches!(mechanism.initial, Initial::None)
        && matches!(mechanism.answers, Answers::None)
        && mechanism.complete.is_none();
    let one_round = speaks_once.then(|| {
        quote! {
            fn is_one_round(&self) -> bool {
                true
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
                #smtp::auth::MechanismError,
            > {
                #initial
            }

            fn respond(
                &mut self,
                #challenge: #smtp::auth::Challenge<'_>,
            ) -> #smtp::__private::Result<#smtp::auth::Step, #smtp::auth::MechanismError> {
                #respond
            }

            #(#complete)*
            #one_round
        }
    }
}

/// Whether the mechanism reveals a secret. A template sends its fields as they are, so a `Secret`
/// among them is revealed, also without the attribute.
fn reveals_secret(smtp: &Path, mechanism: &Mechanism) -> TokenStream {
    let mut sent = mechanism.sent().peekable();
    if mechanism.reveals_secret || sent.peek().is_none() {
        let reveals_secret = mechanism.reveals_secret;
        return quote!(#reveals_secret);
    }
    let fields = sent.map(|slot| field(smtp, slot).1);
    quote!(#smtp::__private::any_secret(&[#(#fields),*]))
}

/// The answers that hold a field which must not be empty.
fn required(mechanism: &Mechanism) -> impl Iterator<Item = &Template> {
    let answers = match &mechanism.answers {
        Answers::Templates(_, templates) => templates.as_slice(),
        Answers::None | Answers::Function(_) => &[],
    };
    let is_required = |part: &TemplatePart| matches!(part, TemplatePart::Field(index) if mechanism.slots[*index].nonempty.is_some());
    answers.iter().filter(move |template| template.iter().any(is_required))
}

fn message(smtp: &Path, mechanism: &Mechanism, template: &Template) -> TokenStream {
    let pieces = template.iter().map(|part| match part {
        TemplatePart::Text(text) => {
            let bytes = Literal::byte_string(text.as_bytes());
            quote!(#smtp::__private::TemplatePart::Text(#bytes))
        }
        TemplatePart::Field(index) => {
            let slot = &mechanism.slots[*index];
            let (smtp, value) = field(smtp, slot);
            let (kind, name) =
                (if slot.nonempty.is_some() { "Required" } else { "Field" }, &slot.name);
            let kind = Ident::new(kind, Span::call_site().located_at(slot.ty.span()));
            quote!(#smtp::__private::TemplatePart::#kind(#name, #value))
        }
    });
    quote!(#smtp::__private::message(&[#(#pieces),*]))
}

/// The crate and a reference to a field, both at the span of the field's type, so that an error of
/// the type is shown there.
fn field(smtp: &Path, slot: &Slot) -> (TokenStream, TokenStream) {
    let span = Span::call_site().located_at(slot.ty.span());
    let smtp = span::at(span, smtp.to_token_stream());
    let mut member = slot.member.clone();
    if let Member::Named(name) = &mut member {
        name.set_span(name.span().located_at(span));
    }
    let value = match slot.saslname {
        Some(_) => quote_spanned!(span=> &#smtp::__private::saslname(&self.#member)),
        None => quote_spanned!(span=> &self.#member),
    };
    (smtp, value)
}
