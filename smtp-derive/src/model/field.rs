//! The model of a field of a command: the argument that it writes, and when.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{GenericArgument, Ident, Index, LitInt, LitStr, Member, PathArguments, Type};

use crate::attr::{Items, known};
use crate::errors::Errors;
use crate::span::ungroup;

/// A field of a command.
pub(crate) struct Field {
    pub(crate) member: Member,
    /// The name it has where it is taken out of its variant.
    pub(crate) binding: Ident,
    pub(crate) ty: Type,
    /// The attributes that give it a role, with the roles. More than one is an error.
    pub(crate) roles: Vec<(Ident, Role)>,
    pub(crate) many: Many,
    pub(crate) encoder: Encoder,
    pub(crate) join: Option<LitStr>,
    pub(crate) prefix: Option<LitStr>,
    /// The word `secret`: the value is a secret, of any type.
    pub(crate) secret: Option<Ident>,
    pub(crate) requires: Option<LitStr>,
    pub(crate) if_offered: Option<LitStr>,
    /// Left out where the keyword of the command does not list this parameter.
    pub(crate) if_listed: Option<Ident>,
    /// Left out where it has its type's default.
    pub(crate) unless_default: Option<Ident>,
    pub(crate) raises: Option<LitInt>,
    pub(crate) utf8: bool,
    /// The attributes that say how the value is written, in the order in which they stand here.
    pub(crate) forms: Vec<Ident>,
    /// The attributes that say when it is written, and what the line needs for it.
    pub(crate) facts: Vec<Ident>,
}

/// The kind of argument that a field writes.
pub(crate) enum Role {
    Argument,
    Param(LitStr),
    Flag(LitStr),
    /// The rest of the line, spaces included.
    Text,
    Flatten,
    Skip,
}

/// How many values a field has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Many {
    One,
    Optional,
    Repeated,
}

pub(crate) enum Encoder {
    Display,
    Xtext,
    Base64,
    With(Box<Type>),
}

impl Field {
    pub(super) fn of(index: usize, field: &syn::Field, errors: &Errors) -> Self {
        let mut items = Items::of(&field.attrs, known::FIELD, errors);
        // Not the field's own name: a field `line` would hide the line that all fields are written
        // to. At the span of the type, where errors of the type are shown.
        let span = Span::mixed_site().located_at(field.ty.span());
        let binding = match &field.ident {
            Some(name) => format_ident!("field_{}", name.unraw(), span = span),
            None => format_ident!("field_{}", index, span = span),
        };
        let named = |names: &[&str]| {
            names.iter().filter_map(|name| items.peek(name).cloned()).collect::<Vec<Ident>>()
        };
        let forms = named(&["xtext", "base64", "with", "prefix", "join", "secret"]);
        let facts =
            named(&["requires", "if_offered", "if_listed", "unless_default", "raises", "utf8"]);
        let roles = roles(&mut items);
        let encoder = encoder(&mut items);
        Self {
            member: member(index, field),
            binding,
            ty: field.ty.clone(),
            roles,
            many: many(&field.ty, &encoder),
            encoder,
            join: items.text("join"),
            prefix: items.text("prefix"),
            secret: items.flag("secret"),
            requires: items.text("requires"),
            if_offered: items.text("if_offered"),
            if_listed: items.flag("if_listed"),
            unless_default: items.flag("unless_default"),
            raises: items.number("raises"),
            utf8: items.flag("utf8").is_some(),
            forms,
            facts,
        }
    }

    /// The kind of argument that the field writes.
    pub(crate) fn role(&self) -> &Role {
        self.roles.first().map_or(&Role::Argument, |(_, role)| role)
    }

    /// Whether the attributes or the type say that the value is a secret.
    pub(crate) fn is_secret(&self) -> bool {
        self.secret.is_some() || mentions(self.ty.to_token_stream(), "Secret")
    }
}

/// The field as `self.name` or `self.0` names it, with the number at the span of the type.
pub(super) fn member(index: usize, field: &syn::Field) -> Member {
    match &field.ident {
        Some(name) => Member::Named(name.clone()),
        None => {
            let mut index = Index::from(index);
            index.span = field.ty.span();
            Member::Unnamed(index)
        }
    }
}

fn roles(items: &mut Items<'_>) -> Vec<(Ident, Role)> {
    let mut roles = Vec::new();
    for name in ["param", "flag", "text", "flatten", "skip"] {
        let Some(word) = items.peek(name).cloned() else {
            continue;
        };
        let role = match name {
            "param" => items.text(name).map(Role::Param),
            "flag" => items.text(name).map(Role::Flag),
            "text" => items.flag(name).map(|_| Role::Text),
            "flatten" => items.flag(name).map(|_| Role::Flatten),
            _ => items.flag(name).map(|_| Role::Skip),
        };
        roles.extend(role.map(|role| (word, role)));
    }
    roles
}

fn many(ty: &Type, encoder: &Encoder) -> Many {
    // Bytes are one value of base64, not a value each.
    let bytes = |of: &Type| matches!(encoder, Encoder::Base64) && is_named(of, "u8");
    match (inner(ty, "Vec"), inner(ty, "Option")) {
        (Some(of), _) if !bytes(of) => Many::Repeated,
        (_, Some(_)) => Many::Optional,
        _ => Many::One,
    }
}

/// The encoder; where there are two, the one that the next stage has no complaint about.
fn encoder(items: &mut Items<'_>) -> Encoder {
    let xtext = items.flag("xtext");
    let base64 = items.flag("base64");
    match (xtext, base64, items.ty("with")) {
        (_, _, Some(path)) => Encoder::With(Box::new(path)),
        (Some(_), _, None) => Encoder::Xtext,
        (None, Some(_), None) => Encoder::Base64,
        (None, None, None) => Encoder::Display,
    }
}

/// Whether a name stands anywhere in these tokens.
fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// The type in the angle brackets of `outer<..>`.
pub(crate) fn inner<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let last = path.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether a type's last name is `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ungroup(ty) else {
        return false;
    };
    path.path.segments.last().is_some_and(|last| last.ident == name)
}
