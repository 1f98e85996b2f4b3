//! Where a command is sent, and where it leads.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, Generics, parse_quote};

use crate::attr::{End, Place};
use crate::model::{Command, Model};

pub(crate) fn states(model: &Model<'_>, command: &Command) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (generics, arguments, bounds) = model.input.generics.split_for_impl();
    let places = command.places.iter().map(|place| placed(model, place, &quote!(ValidIn)));
    let consumes = command.consumes.iter().map(|place| placed(model, place, &quote!(Consumes)));
    let edges = command.edges.iter().map(|edge| {
        let (from, to) = (end(model, &edge.from), end(model, &edge.to));
        quote! {
            #[automatically_derived]
            impl #generics #smtp::Transition<#from> for #name #arguments #bounds {
                type Next = #to;
            }
        }
    });
    let markers = [
        command.upgrade.as_ref().map(|_| quote!(Upgrade)),
        command.content.as_ref().map(|_| quote!(OpensContent)),
        command.converses.then(|| quote!(Converses)),
    ];
    let markers = markers.iter().flatten().map(|marker| {
        quote! {
            #[automatically_derived]
            impl #generics #smtp::#marker for #name #arguments #bounds {}
        }
    });
    quote!(#(#places)* #(#edges)* #(#consumes)* #(#markers)*)
}

/// The command may be sent in a place, by the call that `marker` stands for.
fn placed(model: &Model<'_>, place: &Place, marker: &TokenStream) -> TokenStream {
    let smtp = &model.smtp;
    let name = &model.input.ident;
    let (_, arguments, bounds) = model.input.generics.split_for_impl();
    let (generics, state) = match place {
        Place::State(state) => (model.input.generics.clone(), quote!(#smtp::state::#state)),
        Place::InTransaction => (
            with(&model.input.generics, &parse_quote!(Home: #smtp::state::Home)),
            quote!(#smtp::state::InTransaction<Home>),
        ),
        Place::Any => {
            (with(&model.input.generics, &parse_quote!(State: #smtp::State)), quote!(State))
        }
    };
    let (generics, ..) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #smtp::#marker<#state> for #name #arguments #bounds {}
    }
}

fn end(model: &Model<'_>, end: &End) -> TokenStream {
    let smtp = &model.smtp;
    match end {
        End::Home(state) => quote!(#smtp::state::#state),
        End::InTransaction(home) => {
            quote!(#smtp::state::InTransaction<#smtp::state::#home>)
        }
    }
}

/// The type's own parameters, and one more.
fn with(generics: &Generics, parameter: &GenericParam) -> Generics {
    let mut generics = generics.clone();
    generics.params.push(parameter.clone());
    generics
}
