//! The model of a reply type: the codes of each variant, and the part of the text of each field.

use syn::{Data, DeriveInput, Fields, Ident, LitInt, LitStr, Member, Path, Type};

use super::field::{inner, is_named, member};
use super::smtp;
use crate::attr::{Code, Item, Items, Value, codes, known};
use crate::errors::Errors;

/// A type with `#[derive(SmtpReply)]`.
pub(crate) struct ReplyModel<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) smtp: Path,
    pub(crate) arms: Vec<Arm>,
}

/// A variant with its codes, or the struct for all of them.
pub(crate) struct Arm {
    /// None for a struct.
    pub(crate) variant: Option<Ident>,
    pub(crate) codes: Vec<Code>,
    pub(crate) fields: Vec<ReplyField>,
}

pub(crate) struct ReplyField {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) part: Part,
}

/// The part of a reply that a field holds.
pub(crate) enum Part {
    /// The first line, by `FromStr` or a parser.
    Text(Option<Type>),
    /// Every line, likewise.
    Lines(Option<Type>),
    /// A word of the first line, counted from 0.
    Word(LitInt),
    /// The value after `KEY=`.
    Key(LitStr),
    Code,
    Enhanced,
    Reply,
}

/// How many values a field of a reply can hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    One,
    /// An `Option`: the value may be missing.
    Optional,
    /// A `Vec`.
    All,
}

impl ReplyField {
    /// How many values the field can hold.
    pub(crate) fn holds(&self) -> Holds {
        match (inner(&self.ty, "Option"), inner(&self.ty, "Vec")) {
            (Some(_), _) => Holds::Optional,
            (None, Some(_)) => Holds::All,
            (None, None) => Holds::One,
        }
    }
}

impl<'a> ReplyModel<'a> {
    pub(crate) fn of(input: &'a DeriveInput, errors: &Errors) -> Self {
        let mut items = Items::of(&input.attrs, known::REPLY, errors);
        let smtp = smtp(&mut items, errors);
        let arms = match &input.data {
            Data::Struct(data) => {
                vec![Arm { variant: None, codes: Vec::new(), fields: fields(&data.fields, errors) }]
            }
            Data::Enum(data) => data
                .variants
                .iter()
                .map(|variant| {
                    let mut items = Items::of(&variant.attrs, known::REPLY_VARIANT, errors);
                    let listed = items.list("code");
                    if listed.is_none() && !items.is_spoiled() {
                        let message = "this variant has no reply code: `#[smtp(code(250))]`";
                        errors.at(&variant.ident, message);
                    }
                    Arm {
                        variant: Some(variant.ident.clone()),
                        codes: listed
                            .map_or_else(Vec::new, |(name, list)| codes(&name, list, errors)),
                        fields: fields(&variant.fields, errors),
                    }
                })
                .collect(),
            Data::Union(data) => {
                errors.at(data.union_token, "a reply is a struct or an enum, not a union");
                Vec::new()
            }
        };
        Self { input, smtp, arms }
    }
}

fn fields(fields: &Fields, errors: &Errors) -> Vec<ReplyField> {
    let alone = fields.len() == 1;
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| ReplyField {
            member: member(index, field),
            ty: field.ty.clone(),
            part: part(field, alone, errors),
        })
        .collect()
}

fn part(field: &syn::Field, alone: bool, errors: &Errors) -> Part {
    let mut items = Items::of(&field.attrs, known::REPLY_FIELD, errors);
    let mut parts = Vec::new();
    for name in ["text", "lines"] {
        if let Some(item) = items.take(name) {
            let parser = parser(item, errors);
            parts.push(if name == "text" { Part::Text(parser) } else { Part::Lines(parser) });
        }
    }
    parts.extend(items.number("word").map(Part::Word));
    parts.extend(items.text("key").map(Part::Key));
    parts.extend(items.flag("code").map(|_| Part::Code));
    parts.extend(items.flag("enhanced").map(|_| Part::Enhanced));
    parts.extend(items.flag("reply").map(|_| Part::Reply));
    if parts.len() > 1 {
        errors.at(
            field,
            "a field is one of `text`, `lines`, `word`, `key`, `code`, `enhanced` and `reply`: \
             keep one",
        );
    }
    match parts.pop() {
        Some(part) => part,
        None if is_named(&field.ty, "Reply") => Part::Reply,
        None if alone && field.ident.is_none() => Part::Text(None),
        None if items.is_spoiled() => Part::Reply,
        None => {
            errors.at(
                field,
                "this field does not say which part of the reply it holds: `#[smtp(text)]`, \
                 `#[smtp(lines)]`, `#[smtp(word = 0)]`, `#[smtp(key = \"KEY\")]`, \
                 `#[smtp(code)]`, `#[smtp(enhanced)]` or `#[smtp(reply)]`",
            );
            Part::Reply
        }
    }
}

fn parser(item: Item, errors: &Errors) -> Option<Type> {
    match item.value {
        Value::None => None,
        Value::Type(path) => Some(*path),
        _ => {
            let name = &item.name;
            errors.at(name, format!("`{name}` stands alone or names a parser: `{name} = path`"));
            None
        }
    }
}
