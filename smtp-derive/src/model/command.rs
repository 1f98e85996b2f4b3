//! Commands: a verb, fields, and what follows.

use syn::{Data, DeriveInput, Fields, Ident, LitInt, LitStr, Type};

use super::field::{Field, Role};
use super::here;
use crate::attr::{Code, Edge, End, Items, Place, codes, edges, is_keyword, is_verb, places};
use crate::errors::Errors;
use crate::nearest::{hint, listed};

const STAGES: &[&str] = &[
    "Hello", "StartTls", "Auth", "Mail", "Rcpt", "Data", "Bdat", "Reset", "Quit", "Atrn", "Other",
];

/// A command.
pub(crate) struct Command {
    pub(crate) verb: Option<LitStr>,
    pub(crate) requires: Option<LitStr>,
    pub(crate) accepts: Vec<Code>,
    pub(crate) reply: Option<Type>,
    pub(crate) reply_lines: Option<LitInt>,
    pub(crate) places: Vec<Place>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) upgrade: Option<Ident>,
    pub(crate) content: Option<Ident>,
    /// Where the command takes the connection out of SMTP.
    pub(crate) consumes: Vec<Place>,
    /// Whether an intermediate reply opens a conversation.
    pub(crate) converses: bool,
    /// A function that writes the rest of the line.
    pub(crate) rest: Option<Type>,
    pub(crate) resets: bool,
    pub(crate) pipelining: bool,
    pub(crate) stage: Option<Ident>,
    pub(crate) shapes: Vec<Shape>,
}

/// A form of the command: the struct, or a variant of the enum.
pub(crate) struct Shape {
    /// None for a struct.
    pub(crate) variant: Option<Ident>,
    pub(crate) verb: Option<LitStr>,
    pub(crate) requires: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
}

impl Command {
    pub(super) fn of(input: &DeriveInput, items: &mut Items<'_>, errors: &Errors) -> Self {
        let verb = items.text("verb");
        let requires = items.text("requires");
        let accepts = items.list("accepts");
        let valid_in = items.list("valid_in");
        let transition = items.list("transition");
        let stage = items.ty("stage");
        let pipelining = items.flag("pipelining");
        let last = items.flag("last");
        let upgrade = items.flag("upgrade");
        let content = items.flag("content");
        let consumes = items.list("consumes");
        if let (Some(_), Some(last)) = (&pipelining, &last) {
            errors.at(last, "a command is either `pipelining` or `last`: keep one");
        }
        let lists = [&valid_in, &transition, &consumes];
        let placed = lists.iter().any(|list| list.is_some());
        if !placed && upgrade.is_none() && content.is_none() && !items.is_spoiled() {
            errors.push(syn::Error::new(
                here(),
                "where may this command be sent? Say `valid_in(..)` if it keeps the state, \
                 `transition(A => B)` if it leads to another, `upgrade` if a TLS handshake \
                 follows, `content` if the message does, `consumes(..)` if the server takes the \
                 connection over",
            ));
        }
        let command = Self {
            verb,
            requires,
            accepts: accepts.map_or_else(Vec::new, |(name, list)| codes(&name, list, errors)),
            reply: items.ty("reply"),
            reply_lines: items.number("reply_lines"),
            places: valid_in.map_or_else(Vec::new, |(_, list)| places(list, errors)),
            edges: transition.map_or_else(Vec::new, |(name, list)| edges(&name, list, errors)),
            upgrade,
            content,
            consumes: consumes.map_or_else(Vec::new, |(_, list)| places(list, errors)),
            converses: items.flag("converses").is_some(),
            rest: items.ty("rest"),
            resets: items.flag("resets").is_some(),
            pipelining: pipelining.is_some(),
            stage: stage.and_then(|stage| known_stage(&stage, errors)),
            shapes: shapes(input, errors),
        };
        command.check(items.is_spoiled(), errors);
        command
    }

    fn check(&self, spoiled: bool, errors: &Errors) {
        if let Some(keyword) = &self.requires {
            is_keyword(keyword, errors);
        }
        match &self.verb {
            Some(verb) => is_verb(verb, errors),
            None if !spoiled && self.shapes.iter().any(|shape| shape.verb.is_none()) => {
                errors.push(syn::Error::new(
                    here(),
                    "this command has no verb: `#[smtp(verb = \"NOOP\")]`, on the type or on \
                     each variant; an authentication mechanism has a name instead: \
                     `#[smtp(mechanism = \"PLAIN\")]`",
                ));
            }
            None => {}
        }
        let mut listed = self.shapes.iter().flat_map(|shape| {
            let known = shape.requires.is_some() || self.requires.is_some();
            shape.fields.iter().filter(move |_| !known).filter_map(|field| field.if_listed.as_ref())
        });
        if let Some(if_listed) = listed.next() {
            errors.at(if_listed, "listed where? Name the keyword: `requires = \"XCLIENT\"`");
        }
        for (one, other) in [(&self.upgrade, &self.content), (&self.content, &self.upgrade)] {
            if let (Some(one), Some(_)) = (one, other) {
                errors.at(
                    one,
                    "a command is followed by a TLS handshake (`upgrade`) or by a message \
                     (`content`), not by both",
                );
                break;
            }
        }
        if let Some(special) = self.upgrade.as_ref().or(self.content.as_ref())
            && !(self.places.is_empty() && self.edges.is_empty())
        {
            errors.at(
                special,
                format!(
                    "`{special}` says where the command is sent: remove `valid_in` and \
                     `transition`"
                ),
            );
        }
        for place in &self.places {
            let both = |edge: &&Edge| match (place, &edge.from) {
                (Place::Any, _) | (Place::InTransaction, End::InTransaction(_)) => true,
                (Place::State(state), End::Home(from)) => state == from,
                _ => false,
            };
            if let Some(edge) = self.edges.iter().find(both) {
                let (End::Home(from) | End::InTransaction(from)) = &edge.from;
                errors.at(
                    from,
                    "a command either keeps this state (`valid_in`) or leaves it (`transition`): \
                     name it once",
                );
                break;
            }
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
                    let known = ["verb", "requires"];
                    let items = Items::of(&variant.attrs, "on a variant", &known, errors);
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
        if let Some(verb) = &verb {
            is_verb(verb, errors);
        }
        if let Some(keyword) = &requires {
            is_keyword(keyword, errors);
        }
        let fields: Vec<Field> = fields
            .iter()
            .enumerate()
            .map(|(index, field)| Field::of(index, field, errors))
            .collect();
        no_keyword_twice(&fields, errors);
        Self { variant, verb, requires, fields }
    }
}

/// "Each parameter may stand once" (RFC 3461 §4.5 and others).
fn no_keyword_twice(fields: &[Field], errors: &Errors) {
    let keyword = |field: &Field| match &field.role {
        Role::Param(keyword) | Role::Flag(keyword) => Some(keyword.clone()),
        _ => None,
    };
    let mut seen: Vec<String> = Vec::new();
    for literal in fields.iter().filter_map(keyword) {
        let name = literal.value().to_ascii_uppercase();
        if seen.contains(&name) {
            errors.at(&literal, "another field writes this parameter already");
        }
        seen.push(name);
    }
}
