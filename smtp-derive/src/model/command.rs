//! The model of a command: its verb, its fields, its states, and the input that follows it.

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Fields, Ident, LitInt, LitStr, Type};

use super::field::Field;
use crate::attr::{Code, Edge, Items, StateSet, codes, edges, known, state_sets};
use crate::errors::Errors;
use crate::nearest::{hint, listed};

const STAGES: &[&str] = &[
    "Hello", "StartTls", "Auth", "Mail", "Rcpt", "Data", "Bdat", "Reset", "Quit", "Atrn", "Other",
];

/// A command. A word of its attributes is kept where it stands, for the errors of the next stage.
pub(crate) struct Command {
    pub(crate) name: Ident,
    pub(crate) verb: Option<LitStr>,
    pub(crate) requires: Option<LitStr>,
    /// The replies that mean success.
    pub(crate) accepts: Vec<Code>,
    pub(crate) reply: Option<Type>,
    pub(crate) reply_lines: Option<LitInt>,
    pub(crate) valid_in: Vec<StateSet>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) upgrade: Option<Ident>,
    pub(crate) content: Option<Ident>,
    /// The states in which the command takes the connection out of SMTP.
    pub(crate) consumes: Vec<StateSet>,
    /// Whether an intermediate reply asks for an answer.
    pub(crate) converses: Option<Ident>,
    /// A function that writes the rest of the line.
    pub(crate) rest: Option<Type>,
    pub(crate) resets: Option<Ident>,
    pub(crate) pipelining: Option<Ident>,
    pub(crate) last: Option<Ident>,
    pub(crate) stage: Option<Ident>,
    pub(crate) shapes: Vec<Shape>,
    /// The words `valid_in`, `transition` and `consumes`, where they stand.
    pub(crate) lists: Lists,
    /// Whether an attribute could not be read: then a missing one is not reported.
    pub(crate) spoiled: bool,
}

/// The words before the lists of a command.
pub(crate) struct Lists {
    pub(crate) valid_in: Option<Ident>,
    pub(crate) transition: Option<Ident>,
    pub(crate) consumes: Option<Ident>,
}

/// A form of the command: the struct, or a variant of the enum.
pub(crate) struct Shape {
    /// None for a struct.
    pub(crate) variant: Option<Ident>,
    pub(crate) verb: Option<LitStr>,
    pub(crate) requires: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
    pub(crate) spoiled: bool,
}

impl Command {
    pub(super) fn of(input: &DeriveInput, items: &mut Items<'_>, errors: &Errors) -> Self {
        let accepts = items.list("accepts");
        let valid_in = items.list("valid_in");
        let transition = items.list("transition");
        let consumes = items.list("consumes");
        let word =
            |list: &Option<(Ident, TokenStream)>| list.as_ref().map(|(name, _)| name.clone());
        let lists = Lists {
            valid_in: word(&valid_in),
            transition: word(&transition),
            consumes: word(&consumes),
        };
        let stage = items.ty("stage");
        let shapes = shapes(input, errors);
        let spoiled = shapes.iter().any(|shape| shape.spoiled);
        Self {
            name: input.ident.clone(),
            verb: items.text("verb"),
            requires: items.text("requires"),
            accepts: accepts.map_or_else(Vec::new, |(name, list)| codes(&name, list, errors)),
            reply: items.ty("reply"),
            reply_lines: items.number("reply_lines"),
            valid_in: valid_in
                .map_or_else(Vec::new, |(name, list)| state_sets(&name, list, errors)),
            edges: transition.map_or_else(Vec::new, |(name, list)| edges(&name, list, errors)),
            upgrade: items.flag("upgrade"),
            content: items.flag("content"),
            consumes: consumes
                .map_or_else(Vec::new, |(name, list)| state_sets(&name, list, errors)),
            converses: items.flag("converses"),
            rest: items.ty("rest"),
            resets: items.flag("resets"),
            pipelining: items.flag("pipelining"),
            last: items.flag("last"),
            stage: stage.and_then(|stage| known_stage(&stage, errors)),
            shapes,
            lists,
            spoiled: spoiled || items.is_spoiled(),
        }
    }
}

fn known_stage(stage: &Type, errors: &Errors) -> Option<Ident> {
    let name = match stage {
        Type::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    };
    let text = name.as_ref().map_or_else(String::new, Ident::to_string);
    if STAGES.contains(&text.as_str()) {
        return name;
    }
    errors.at(
        stage,
        format!("this is no stage{}; the stages are {}", hint(&text, STAGES), listed(STAGES)),
    );
    None
}

fn shapes(input: &DeriveInput, errors: &Errors) -> Vec<Shape> {
    match &input.data {
        Data::Struct(data) => vec![Shape::of(None, &data.fields, None, errors)],
        Data::Enum(data) => {
            if data.variants.is_empty() {
                errors.at(&input.ident, "an enum without variants is no command");
            }
            data.variants
                .iter()
                .map(|variant| {
                    let items = Items::of(&variant.attrs, known::VARIANT, errors);
                    let name = Some(variant.ident.clone());
                    Shape::of(name, &variant.fields, Some(items), errors)
                })
                .collect()
        }
        Data::Union(data) => {
            errors.at(data.union_token, "a command is a struct or an enum, not a union");
            Vec::new()
        }
    }
}

impl Shape {
    fn of(
        variant: Option<Ident>,
        fields: &Fields,
        mut items: Option<Items<'_>>,
        errors: &Errors,
    ) -> Self {
        let verb = items.as_mut().and_then(|items| items.text("verb"));
        let requires = items.as_mut().and_then(|items| items.text("requires"));
        let fields = fields.iter().enumerate();
        let fields = fields.map(|(index, field)| Field::of(index, field, errors)).collect();
        let spoiled = items.is_some_and(|items| items.is_spoiled());
        Self { variant, verb, requires, fields, spoiled }
    }
}
