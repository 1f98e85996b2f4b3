//! The check of a reply type: codes that two variants have, and keys that no reply can hold.

use syn::LitStr;

use crate::attr::Code;
use crate::errors::Errors;
use crate::model::{Part, ReplyModel};

pub(crate) fn check(model: &ReplyModel<'_>, errors: &Errors) {
    if model.arms.is_empty() && !matches!(model.input.data, syn::Data::Union(_)) {
        errors.at(
            &model.input.ident,
            "a reply type has a value for each reply that it is read from: give it a variant, \
             `#[smtp(code(250))] Done`, or make it a struct",
        );
    }
    no_code_twice(model, errors);
    for field in model.arms.iter().flat_map(|arm| &arm.fields) {
        if let Part::Key(key) = &field.part {
            is_key(key, errors);
        }
    }
}

fn no_code_twice(model: &ReplyModel<'_>, errors: &Errors) {
    let mut seen: Vec<&Code> = Vec::new();
    for code in model.arms.iter().flat_map(|arm| &arm.codes) {
        let same = |other: &&&Code| other.number == code.number && other.class == code.class;
        if seen.iter().any(|other| same(&other)) {
            let message = format!("another variant has `{}` already", code.literal);
            errors.at(&code.literal, message);
        }
        seen.push(code);
    }
}

/// A key is a word, and `=` follows it.
fn is_key(key: &LitStr, errors: &Errors) {
    let text = key.value();
    if let Some(name) = text.strip_suffix('=') {
        errors.at(key, format!("the `=` after the key is expected anyway: `key = \"{name}\"`"));
    } else if text.is_empty() {
        errors.at(key, "a key is a word: `key = \"SIZE\"` reads the value after `SIZE=`");
    } else if let Some(character) = text.chars().find(|c| !matches!(c, '!'..='~') || *c == '=') {
        errors.at(key, format!("a key cannot hold {character:?}: it is one word, before its `=`"));
    }
}
