//! Authentication mechanisms: a name, what they say first, and their answers.

use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Fields, Index, LitStr, Member, Token, Type};

use super::here;
use crate::attr::{Items, Part, Value, is_mechanism, template};
use crate::errors::Errors;
use crate::nearest::{hint, listed};

/// A mechanism.
pub(crate) struct Mechanism {
    pub(crate) name: Option<LitStr>,
    pub(crate) initial: Initial,
    pub(crate) answers: Answers,
    pub(crate) reveals_secret: bool,
    pub(crate) complete: Option<Type>,
}

pub(crate) enum Initial {
    None,
    Template(Template),
    Function(Box<Type>),
}

pub(crate) enum Answers {
    None,
    Templates(Vec<Template>),
    Function(Box<Type>),
}

/// The pieces of a message.
pub(crate) type Template = Vec<TemplatePart>;

pub(crate) enum TemplatePart {
    Text(String),
    Field { member: Member, name: String, nonempty: bool },
}

/// A field that templates can name.
struct Slot {
    member: Member,
    name: String,
    nonempty: bool,
}

impl Mechanism {
    pub(super) fn of(input: &DeriveInput, items: &mut Items<'_>, errors: &Errors) -> Self {
        let slots = slots(input, errors);
        let name = items.text("mechanism");
        if let Some(name) = &name {
            is_mechanism(name, errors);
        }
        let initial = match items.take("initial") {
            None => Initial::None,
            Some(item) => match item.value {
                Value::Text(text) => Initial::Template(resolve(&text, &slots, errors)),
                Value::Type(path) => Initial::Function(path),
                _ => {
                    let message = "`initial` is a template or a function: `initial = \"{user}\"`";
                    errors.at(&item.name, message);
                    items.spoil();
                    Initial::None
                }
            },
        };
        let answers = match items.take("respond") {
            None => Answers::None,
            Some(item) => match item.value {
                Value::Type(path) => Answers::Function(path),
                Value::List(tokens) => {
                    let parse = Punctuated::<LitStr, Token![,]>::parse_terminated;
                    let literals = errors.keep(parse.parse2(tokens)).unwrap_or_default();
                    let resolve = |literal| resolve(literal, &slots, errors);
                    Answers::Templates(literals.iter().map(resolve).collect())
                }
                _ => {
                    let message = "`respond` lists templates or names a function: \
                                   `respond(\"{user}\", \"{password}\")`";
                    errors.at(&item.name, message);
                    items.spoil();
                    Answers::None
                }
            },
        };
        let silent = matches!((&initial, &answers), (Initial::None, Answers::None));
        if silent && !items.is_spoiled() {
            errors.push(syn::Error::new(
                here(),
                "this mechanism has nothing to say: give it `initial = \"..\"` if it speaks \
                 first, `respond(\"..\")` if it answers challenges",
            ));
        }
        Self {
            name,
            initial,
            answers,
            reveals_secret: items.flag("reveals_secret").is_some(),
            complete: items.ty("complete"),
        }
    }
}

fn slots(input: &DeriveInput, errors: &Errors) -> Vec<Slot> {
    let Data::Struct(data) = &input.data else {
        errors.at(&input.ident, "a mechanism is a struct");
        return Vec::new();
    };
    slots_of(&data.fields, errors)
}

fn slots_of(fields: &Fields, errors: &Errors) -> Vec<Slot> {
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let known = ["nonempty"];
            let mut items = Items::of(&field.attrs, "on a field of a mechanism", &known, errors);
            let (member, name) = match &field.ident {
                Some(name) => (Member::Named(name.clone()), name.to_string()),
                None => (Member::Unnamed(Index::from(index)), index.to_string()),
            };
            Slot { member, name, nonempty: items.flag("nonempty").is_some() }
        })
        .collect()
}

fn resolve(literal: &LitStr, slots: &[Slot], errors: &Errors) -> Template {
    let mut parts = Vec::new();
    for part in template(literal, errors) {
        match part {
            Part::Text(text) => parts.push(TemplatePart::Text(text)),
            Part::Field(name) => match slots.iter().find(|slot| slot.name == name) {
                Some(slot) => parts.push(TemplatePart::Field {
                    member: slot.member.clone(),
                    name,
                    nonempty: slot.nonempty,
                }),
                None => {
                    let names: Vec<&str> = slots.iter().map(|slot| slot.name.as_str()).collect();
                    errors.at(
                        literal,
                        format!(
                            "`{{{name}}}` is no field of this mechanism{}; its fields are {}",
                            hint(&name, &names),
                            listed(&names)
                        ),
                    );
                }
            },
        }
    }
    parts
}
