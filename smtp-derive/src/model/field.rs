//! Fields of a command: what they write, and when.

use proc_macro2::Span;
use quote::format_ident;
use syn::{GenericArgument, Ident, Index, LitInt, LitStr, Member, PathArguments, Type};

use crate::attr::{Items, is_keyword};
use crate::errors::Errors;

const KNOWN: &[&str] = &[
    "param",
    "flag",
    "xtext",
    "base64",
    "with",
    "prefix",
    "join",
    "requires",
    "if_offered",
    "if_listed",
    "unless_default",
    "raises",
    "utf8",
    "flatten",
    "skip",
];

/// A field of a command.
pub(crate) struct Field {
    pub(crate) member: Member,
    /// The name it has where it is taken out of its variant.
    pub(crate) binding: Ident,
    pub(crate) ty: Type,
    pub(crate) role: Role,
    pub(crate) many: Many,
    pub(crate) encoder: Encoder,
    pub(crate) prefix: Option<LitStr>,
    pub(crate) requires: Option<LitStr>,
    pub(crate) if_offered: Option<LitStr>,
    /// Left out where the keyword of the command does not list this parameter.
    pub(crate) if_listed: Option<Ident>,
    /// Left out where it has its type's default.
    pub(crate) unless_default: Option<Ident>,
    pub(crate) raises: Option<LitInt>,
    pub(crate) utf8: bool,
    /// The first attribute that says how the value is written.
    form: Option<Ident>,
}

/// What a field writes.
pub(crate) enum Role {
    Argument,
    Param(LitStr),
    Flag(LitStr),
    Flatten,
    Skip,
}

/// How many values a field has.
pub(crate) enum Many {
    One,
    Optional,
    Repeated,
    Joined(LitStr),
}

pub(crate) enum Encoder {
    Display,
    Xtext,
    Base64,
    With(Box<Type>),
}

impl Field {
    pub(super) fn of(index: usize, field: &syn::Field, errors: &Errors) -> Self {
        let mut items = Items::of(&field.attrs, "on a field", KNOWN, errors);
        let member = match &field.ident {
            Some(name) => Member::Named(name.clone()),
            None => Member::Unnamed(Index::from(index)),
        };
        let binding = match &field.ident {
            // Not the field's own name: `line` is what everything is written to.
            Some(name) => format_ident!("field_{name}", span = Span::mixed_site()),
            None => format_ident!("field_{index}", span = Span::mixed_site()),
        };
        let join = items.text("join");
        let role = role(field, &mut items, errors);
        let many = many(field, join, errors);
        let mut encoders = ["xtext", "base64", "with", "prefix"].iter();
        let form = encoders.find_map(|name| items.peek(name)).cloned();
        let encoder = encoder(&mut items, errors);
        let found = Self {
            member,
            binding,
            ty: field.ty.clone(),
            role,
            many,
            encoder,
            prefix: items.text("prefix"),
            requires: items.text("requires"),
            if_offered: items.text("if_offered"),
            if_listed: items.flag("if_listed"),
            unless_default: items.flag("unless_default"),
            raises: items.number("raises"),
            utf8: items.flag("utf8").is_some(),
            form,
        };
        found.check(errors);
        found
    }

    fn check(&self, errors: &Errors) {
        let keywords = [self.requires.as_ref(), self.if_offered.as_ref()];
        for keyword in keywords.into_iter().flatten() {
            is_keyword(keyword, errors);
        }
        if let (Some(_), Some(if_offered)) = (&self.requires, &self.if_offered) {
            errors.at(
                if_offered,
                "a field that the server does not offer is an error (`requires`) or left out \
                 (`if_offered`): keep one",
            );
        }
        if let (Some(if_listed), Role::Argument | Role::Flatten | Role::Skip) =
            (&self.if_listed, &self.role)
        {
            errors.at(if_listed, "what can be listed is a `param` or a `flag`: say which it is");
        }
        if let (Some(unless), Many::Optional | Many::Repeated | Many::Joined(_)) =
            (&self.unless_default, &self.many)
        {
            errors.at(unless, "nothing is written of nothing anyway: remove `unless_default`");
        }
        match &self.role {
            Role::Flag(_) => {
                if !is_named(&self.ty, "bool") {
                    errors.at(&self.ty, "a flag is written or not: its field is a `bool`");
                }
                if let Some(form) = &self.form {
                    errors.at(
                        form,
                        format!("a flag has no value that could be encoded: remove `{form}`"),
                    );
                }
            }
            Role::Flatten | Role::Skip => {
                let name = if matches!(self.role, Role::Skip) { "skip" } else { "flatten" };
                if let Some(form) = &self.form {
                    errors.at(form, format!("`{name}` leaves nothing to encode: remove `{form}`"));
                }
            }
            Role::Argument | Role::Param(_) => {}
        }
    }
}

fn role(field: &syn::Field, items: &mut Items<'_>, errors: &Errors) -> Role {
    let param = items.text("param");
    let flag = items.text("flag");
    let flatten = items.flag("flatten");
    let skip = items.flag("skip");
    for keyword in param.iter().chain(&flag) {
        is_keyword(keyword, errors);
    }
    let mut roles = Vec::new();
    roles.extend(param.map(Role::Param));
    roles.extend(flag.map(Role::Flag));
    roles.extend(flatten.map(|_| Role::Flatten));
    roles.extend(skip.map(|_| Role::Skip));
    if roles.len() > 1 {
        errors.at(field, "a field is one of `param`, `flag`, `flatten` and `skip`: keep one");
    }
    roles.pop().unwrap_or(Role::Argument)
}

fn many(field: &syn::Field, join: Option<LitStr>, errors: &Errors) -> Many {
    match (join, inner(&field.ty, "Vec"), inner(&field.ty, "Option")) {
        (Some(separator), Some(_), _) => Many::Joined(separator),
        (Some(separator), None, _) => {
            errors.at(separator, "`join` joins the values of a `Vec`");
            Many::One
        }
        (None, Some(_), _) => Many::Repeated,
        (None, None, Some(_)) => Many::Optional,
        (None, None, None) => Many::One,
    }
}

fn encoder(items: &mut Items<'_>, errors: &Errors) -> Encoder {
    let xtext = items.flag("xtext");
    let base64 = items.flag("base64");
    let with = items.ty("with");
    if let (Some(_), Some(one)) = (&xtext, &base64) {
        errors.at(one, "a field has one encoder: keep `xtext` or `base64`");
    }
    if let (Some(one), Some(_)) = (xtext.as_ref().or(base64.as_ref()), &with) {
        errors.at(one, format!("a field has one encoder: keep `{one}` or `with`"));
    }
    match (xtext, base64, with) {
        (_, _, Some(path)) => Encoder::With(Box::new(path)),
        (Some(_), _, None) => Encoder::Xtext,
        (None, Some(_), None) => Encoder::Base64,
        (None, None, None) => Encoder::Display,
    }
}

/// The type in the angle brackets of `outer<..>`.
pub(super) fn inner<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
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
pub(super) fn is_named(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    path.path.segments.last().is_some_and(|last| last.ident == name)
}
