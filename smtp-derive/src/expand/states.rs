//! The output of the states of a command: the traits that say where it is sent and where it leads.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericParam, Generics, Ident, parse_quote};

use crate::attr::{End, LMTP, StateSet};
use crate::model::{Command, Model};

pub(crate) fn states(model: &Model<'_>, command: &Command) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    // A command that asks questions is never sent alone: it has no `ValidIn`, no `Transition`.
    let (stays, leads) = match &command.converses {
        Some(_) => (quote!(ExchangeIn), quote!(ExchangeInto)),
        None => (quote!(ValidIn), quote!(Transition)),
    };
    let valid_in = command.valid_in.iter().map(|set| placed(model, set, &stays));
    let consumes = command.consumes.iter().map(|set| placed(model, set, &quote!(TakesOver)));
    let edges = command.edges.iter().map(|edge| {
        let (from, to) = (end(model, &edge.from), end(model, &edge.to));
        let (End::Idle(state) | End::InTransaction(state)) = &edge.from;
        let generics = for_state(model, state);
        let (generics, ..) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #generics #smtp::state::#leads<#from> for #name #arguments #bounds {
                type Next = #to;
            }
        }
    });
    let markers = [
        command.upgrade.as_ref().map(|_| quote!(Upgrade)),
        command.content.as_ref().map(|_| quote!(OpensContent)),
    ];
    let markers = markers.iter().flatten().map(|marker| {
        quote! {
            #[automatically_derived]
            impl #generics #smtp::state::#marker for #name #arguments #bounds {}
        }
    });
    quote!(#(#valid_in)* #(#edges)* #(#consumes)* #(#markers)*)
}

/// The mark that the command may be sent in the states of a set, by the call that `marker` stands
/// for.
fn placed(model: &Model<'_>, set: &StateSet, marker: &TokenStream) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (_, arguments, bounds) = model.input.generics.split_for_impl();
    let (generics, state) = match set {
        StateSet::State(state) => (for_state(model, state), idle_state(model, state)),
        StateSet::InTransaction => {
            let idle = free(&model.input.generics, "Idle");
            (
                with(&model.input.generics, &parse_quote!(#idle: #smtp::state::Idle)),
                quote!(#smtp::state::InTransaction<#idle>),
            )
        }
        StateSet::Any => {
            let state = free(&model.input.generics, "State");
            (
                with(&model.input.generics, &parse_quote!(#state: #smtp::state::State)),
                quote!(#state),
            )
        }
    };
    let (generics, ..) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #smtp::state::#marker<#state> for #name #arguments #bounds {}
    }
}

fn end(model: &Model<'_>, end: &End) -> TokenStream {
    let smtp = &model.smtp;
    match end {
        End::Idle(state) => idle_state(model, state),
        End::InTransaction(idle) => {
            let idle = idle_state(model, idle);
            quote!(#smtp::state::InTransaction<#idle>)
        }
    }
}

/// A state between transactions. Those of LMTP have a parameter.
fn idle_state(model: &Model<'_>, state: &Ident) -> TokenStream {
    let smtp = &model.smtp;
    if state == LMTP {
        let idle = free(&model.input.generics, "Idle");
        return quote!(#smtp::state::#state<#idle>);
    }
    quote!(#smtp::state::#state)
}

/// The parameters of an `impl` for a state between transactions: the type's own, and that of the
/// state.
fn for_state(model: &Model<'_>, state: &Ident) -> Generics {
    let (generics, smtp) = (&model.input.generics, &model.smtp);
    if state == LMTP {
        let idle = free(generics, "Idle");
        return with(generics, &parse_quote!(#idle: #smtp::state::Idle));
    }
    generics.clone()
}

/// A name that none of the type's own parameters has.
pub(crate) fn free(generics: &Generics, name: &str) -> Ident {
    let mut name = Ident::new(name, Span::call_site());
    while generics.type_params().any(|parameter| parameter.ident == name)
        || generics.const_params().any(|parameter| parameter.ident == name)
    {
        name = format_ident!("{name}_");
    }
    name
}

/// The type's own parameters, and one more.
fn with(generics: &Generics, parameter: &GenericParam) -> Generics {
    let mut generics = generics.clone();
    generics.params.push(parameter.clone());
    generics
}
