//! The check of a field of a command: attributes that exclude each other, and text that would break
//! the line.

use syn::{Ident, LitStr};

use crate::attr::is_keyword;
use crate::errors::Errors;
use crate::model::{Encoder, Field, Many, Role, inner, is_named};

pub(super) fn check(field: &Field, errors: &Errors) {
    let params = field.roles.iter().filter_map(|(_, role)| match role {
        Role::Param(keyword) | Role::Flag(keyword) => Some(keyword),
        _ => None,
    });
    for keyword in params.chain(&field.requires).chain(&field.if_offered) {
        is_keyword(keyword, errors);
    }
    for text in field.prefix.iter().chain(&field.join) {
        is_text_of_a_line(text, matches!(field.role(), Role::Text), errors);
    }
    if let [_, (second, _), ..] = field.roles.as_slice() {
        errors.at(
            second,
            "a field is one of `param`, `flag`, `text`, `flatten` and `skip`: keep one",
        );
        return;
    }
    if !form(field, errors) {
        return;
    }
    facts(field, errors);
}

/// Checks the text that is written before a value, or between two.
fn is_text_of_a_line(text: &LitStr, spaces: bool, errors: &Errors) {
    let value = text.value();
    let printable = |c: char| matches!(c, '!'..='~') || (spaces && c == ' ');
    let wrong = value.chars().find(|&c| !printable(c));
    if let Some(character) = wrong {
        errors.at(
            text,
            format!(
                "{character:?} cannot stand in an argument: it would end the argument or the \
                 line; use printable ASCII"
            ),
        );
    }
}

/// Checks how the value is written. Returns whether it is right.
fn form(field: &Field, errors: &Errors) -> bool {
    let encoders: Vec<&Ident> = field
        .forms
        .iter()
        .filter(|form| *form == "xtext" || *form == "base64" || *form == "with")
        .collect();
    if let [one, other, ..] = encoders.as_slice() {
        errors.at(one, format!("a field has one encoder: keep `{one}` or `{other}`"));
        return false;
    }
    let first = field.forms.first();
    let wrong = |word: &Ident, message: String| {
        errors.at(word, message);
        false
    };
    match (field.role(), first) {
        (Role::Flag(_), _) if !is_named(&field.ty, "bool") => {
            errors.at(&field.ty, "a flag is written or not: its field is a `bool`");
            return false;
        }
        (Role::Flag(_), Some(form)) => {
            let message = format!("a flag has no value that could be encoded: remove `{form}`");
            return wrong(form, message);
        }
        (Role::Flatten, Some(form)) => {
            let message = format!("`flatten` leaves nothing to encode: remove `{form}`");
            return wrong(form, message);
        }
        (Role::Skip, Some(form)) => {
            let message = format!("`skip` leaves nothing to encode: remove `{form}`");
            return wrong(form, message);
        }
        _ => {}
    }
    if let (Some(join), false) = (&field.join, is_list(field)) {
        errors.at(join, "`join` joins the values of a `Vec`");
        return false;
    }
    values(field, errors)
}

/// Checks how often the value is written, and its type. Returns whether they are right.
fn values(field: &Field, errors: &Errors) -> bool {
    let alone = is_list(field) && field.join.is_none();
    match field.role() {
        Role::Param(_) if alone => {
            errors.at(
                &field.ty,
                "a parameter stands once, so its values are joined: `join = \",\"` (RFC 5321 \
                 §4.1.1.11)",
            );
            false
        }
        Role::Param(keyword) if is_bool(field) && matches!(field.encoder, Encoder::Display) => {
            let keyword = keyword.value();
            errors.at(
                &field.ty,
                format!(
                    "a `bool` would be written `{keyword}=true`: a keyword that stands alone is \
                     `flag = \"{keyword}\"`, any other value names its function: `with = path`"
                ),
            );
            false
        }
        Role::Text if alone => {
            errors.at(
                &field.ty,
                "free text is one value: `join = \" \"` makes one of a `Vec`, or use a `String`",
            );
            false
        }
        _ => true,
    }
}

/// Whether the field has many values.
fn is_list(field: &Field) -> bool {
    field.many == Many::Repeated
}

fn is_bool(field: &Field) -> bool {
    is_named(inner(&field.ty, "Option").unwrap_or(&field.ty), "bool")
}

/// Checks when the field is written.
fn facts(field: &Field, errors: &Errors) {
    if let (Role::Skip, Some(fact)) = (field.role(), field.facts.first()) {
        errors.at(fact, format!("`skip` sends nothing: remove `{fact}`"));
        return;
    }
    if let (Some(_), Some(_)) = (&field.requires, &field.if_offered) {
        let word = field.facts.iter().find(|fact| *fact == "if_offered");
        errors.at(
            word,
            "a field that the server does not offer is an error (`requires`) or left out \
             (`if_offered`): keep one",
        );
    }
    let listed = matches!(field.role(), Role::Param(_) | Role::Flag(_));
    if let (Some(if_listed), false) = (&field.if_listed, listed) {
        errors.at(if_listed, "only a `param` or a `flag` can be listed: say which this is");
    }
    let optional = field.many != Many::One || matches!(field.role(), Role::Flag(_));
    if let (Some(unless), true) = (&field.unless_default, optional) {
        errors.at(
            unless,
            "an `Option`, a `Vec` and a flag are left out when they are empty: remove \
             `unless_default`",
        );
    }
}
