//! The first stage: `#[smtp(...)]` as a list of names with values.
//!
//! This stage knows the form of a name and not its meaning, so that it finds every mistake of form,
//! also in an input with other mistakes.

mod codes;
mod item;
pub(crate) mod known;
mod names;
mod states;
mod template;

pub(crate) use codes::{Code, codes};
pub(crate) use item::{Item, Items, Value};
pub(crate) use names::{is_keyword, is_mechanism, is_verb};
pub(crate) use states::{Edge, End, LMTP, StateSet, edges, state_sets};
pub(crate) use template::{Part, template};
