//! The model of an authentication mechanism: its name, its initial response and its answers.

use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Member, Token, Type};

use super::field::member;
use crate::attr::{Items, Part, Value, known, template};
use crate::errors::Errors;
use crate::nearest::{hint, listed};

/// A mechanism.
pub(crate) struct Mechanism {
    /// The type.
    pub(crate) ident: Ident,
    pub(crate) name: Option<LitStr>,
    pub(crate) initial: Initial,
    pub(crate) answers: Answers,
    pub(crate) reveals_secret: bool,
    pub(crate) complete: Option<Type>,
    pub(crate) slots: Vec<Slot>,
    /// Whether an attribute could not be read: then a missing one is not reported.
    pub(crate) spoiled: bool,
}

pub(crate) enum Initial {
    None,
    Template(Template),
    Function(Box<Type>),
}

pub(crate) enum Answers {
    None,
    /// With the word `respond`.
    Templates(Ident, Vec<Template>),
    Function(Box<Type>),
}

/// The pieces of a message.
pub(crate) type Template = Vec<TemplatePart>;

pub(crate) enum TemplatePart {
    Text(String),
    /// A field, by its index among the fields.
    Field(usize),
}

/// A field that templates can name.
pub(crate) struct Slot {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) name: String,
    /// The word `nonempty`.
    pub(crate) nonempty: Option<Ident>,
    /// The word `saslname`.
    pub(crate) saslname: Option<Ident>,
}

impl Mechanism {
    pub(super) fn of(input: &DeriveInput, items: &mut Items<'_>, errors: &Errors) -> Self {
        let slots = slots(input, errors);
        let name = items.text("mechanism");
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
                    Answers::Templates(item.name, literals.iter().map(resolve).collect())
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
        Self {
            ident: input.ident.clone(),
            name,
            initial,
            answers,
            reveals_secret: items.flag("reveals_secret").is_some(),
            complete: items.ty("complete"),
            slots,
            spoiled: items.is_spoiled(),
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
            let mut items = Items::of(&field.attrs, known::SLOT, errors);
            let name = match &field.ident {
                Some(name) => name.unraw().to_string(),
                None => index.to_string(),
            };
            Slot {
                member: member(index, field),
                ty: field.ty.clone(),
                name,
                nonempty: items.flag("nonempty"),
                saslname: items.flag("saslname"),
            }
        })
        .collect()
}

impl Mechanism {
    /// All templates.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let initial = match &self.initial {
            Initial::Template(template) => Some(template),
            Initial::None | Initial::Function(_) => None,
        };
        let answers = match &self.answers {
            Answers::Templates(_, templates) => templates.as_slice(),
            Answers::None | Answers::Function(_) => &[],
        };
        initial.into_iter().chain(answers)
    }

    /// The fields that templates send, each once.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Slot> {
        let sends = |index: usize| {
            let parts = self.templates().flatten();
            parts.into_iter().any(|part| matches!(part, TemplatePart::Field(at) if *at == index))
        };
        self.slots.iter().enumerate().filter(move |(index, _)| sends(*index)).map(|(_, slot)| slot)
    }
}

fn resolve(literal: &LitStr, slots: &[Slot], errors: &Errors) -> Template {
    let mut parts = Vec::new();
    for part in template(literal, errors) {
        match part {
            Part::Text(text) => parts.push(TemplatePart::Text(text)),
            Part::Field(name) => match slots.iter().position(|slot| slot.name == name) {
                Some(index) => parts.push(TemplatePart::Field(index)),
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
