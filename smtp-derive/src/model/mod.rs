//! The second stage: the meaning of the attributes.
//!
//! A model can hold a wrong input as well as a right one. An attribute that cannot be understood is
//! an error here; the next stage checks whether those that were understood fit together.

mod command;
mod field;
mod mechanism;
mod reply;

pub(crate) use command::{Command, Shape};
pub(crate) use field::{Encoder, Field, Many, Role, inner, is_named};
pub(crate) use mechanism::{Answers, Initial, Mechanism, Slot, Template, TemplatePart};
pub(crate) use reply::{Arm, Holds, Part, ReplyField, ReplyModel};

use syn::{DeriveInput, Path, Type, parse_quote};

use crate::attr::{Items, known};
use crate::errors::Errors;
use crate::nearest::listed;

/// A type with `#[derive(SmtpCommand)]`.
pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    /// The path of the crate `smtp`.
    pub(crate) smtp: Path,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Command(Box<Command>),
    Mechanism(Box<Mechanism>),
}

impl<'a> Model<'a> {
    pub(crate) fn of(input: &'a DeriveInput, errors: &Errors) -> Self {
        let mut items = Items::of(&input.attrs, known::TYPE, errors);
        let smtp = smtp(&mut items, errors);
        // A name that could not be read may be `mechanism`: the other names decide.
        let misspelt = items.is_spoiled()
            && known::names(known::MECHANISM).iter().any(|name| items.peek(name).is_some())
            && known::names(known::COMMAND).iter().all(|name| items.peek(name).is_none());
        let is_mechanism = misspelt || items.peek("mechanism").is_some();
        let (mine, others, kind) = if is_mechanism {
            (known::MECHANISM, known::COMMAND, "an authentication mechanism")
        } else {
            (known::COMMAND, known::MECHANISM, "a command")
        };
        for name in known::names(others) {
            if let Some(name) = items.peek(name) {
                let advice =
                    if is_mechanism { "" } else { " (a mechanism says `mechanism = \"NAME\"`)" };
                errors.at(
                    name,
                    format!(
                        "`{name}` means nothing on {kind}{advice}; expected one of {}",
                        listed(&known::names(mine))
                    ),
                );
            }
        }
        let kind = if is_mechanism {
            Kind::Mechanism(Box::new(Mechanism::of(input, &mut items, errors)))
        } else {
            Kind::Command(Box::new(Command::of(input, &mut items, errors)))
        };
        Self { input, smtp, kind }
    }
}

/// The path of the crate `smtp`: `::smtp`, or the one of `crate = path`.
fn smtp(items: &mut Items<'_>, errors: &Errors) -> Path {
    match items.ty("crate") {
        None => parse_quote!(::smtp),
        Some(Type::Path(path)) if path.qself.is_none() => path.path,
        Some(other) => {
            errors.at(other, "`crate` names the crate `smtp`: `crate = mail::smtp`");
            parse_quote!(::smtp)
        }
    }
}
