//! The second stage: what the attributes mean.
//!
//! A model can hold a wrong input as well as a right one. Mistakes are gathered on the way, and
//! nothing is expanded when there was one.

mod command;
mod field;
mod mechanism;
mod reply;

pub(crate) use command::{Command, Shape};
pub(crate) use field::{Encoder, Field, Many, Role};
pub(crate) use mechanism::{Answers, Initial, Mechanism, Template, TemplatePart};
pub(crate) use reply::{Arm, Part, ReplyField, ReplyModel};

use proc_macro2::Span;
use syn::{DeriveInput, Path, Type, parse_quote};

use crate::attr::Items;
use crate::errors::Errors;
use crate::nearest::listed;

const COMMAND: &[&str] = &[
    "verb",
    "requires",
    "accepts",
    "reply",
    "reply_lines",
    "valid_in",
    "transition",
    "upgrade",
    "content",
    "consumes",
    "converses",
    "rest",
    "resets",
    "pipelining",
    "last",
    "stage",
];
const MECHANISM: &[&str] = &["mechanism", "initial", "respond", "reveals_secret", "complete"];

/// A type with `#[derive(SmtpCommand)]`.
pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    /// Where the crate `smtp` is.
    pub(crate) smtp: Path,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Command(Box<Command>),
    Mechanism(Box<Mechanism>),
}

impl<'a> Model<'a> {
    pub(crate) fn of(input: &'a DeriveInput, errors: &Errors) -> Self {
        let known: Vec<&str> = [COMMAND, MECHANISM, &["crate"]].concat();
        let mut items = Items::of(&input.attrs, "on this type", &known, errors);
        let smtp = smtp(&mut items);
        let (mine, others, kind) = if items.peek("mechanism").is_some() {
            (MECHANISM, COMMAND, "an authentication mechanism")
        } else {
            (COMMAND, MECHANISM, "a command")
        };
        for name in others {
            if let Some(name) = items.peek(name) {
                let advice =
                    if mine == COMMAND { " (a mechanism says `mechanism = \"NAME\"`)" } else { "" };
                errors.at(
                    name,
                    format!(
                        "`{name}` means nothing on {kind}{advice}; what does: {}",
                        listed(mine)
                    ),
                );
            }
        }
        let kind = if mine == MECHANISM {
            Kind::Mechanism(Box::new(Mechanism::of(input, &mut items, errors)))
        } else {
            Kind::Command(Box::new(Command::of(input, &mut items, errors)))
        };
        Self { input, smtp, kind }
    }
}

/// Where the crate `smtp` is: `::smtp`, or what `crate = path` says.
fn smtp(items: &mut Items<'_>) -> Path {
    match items.ty("crate") {
        Some(Type::Path(path)) => path.path,
        _ => parse_quote!(::smtp),
    }
}

/// The place of errors that belong to no token.
fn here() -> Span {
    Span::call_site()
}
