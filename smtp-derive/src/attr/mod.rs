//! The first stage: `#[smtp(...)]` as a list of names with values.
//!
//! What a name means is not known here, only its form; so every mistake of form is found, whatever
//! else is wrong.

mod codes;
mod item;
pub(crate) mod known;
mod names;
mod states;
mod template;

pub(crate) use codes::{Code, codes};
pub(crate) use item::{Item, Items, Value};
pub(crate) use names::{is_keyword, is_mechanism, is_verb};
pub(crate) use states::{Edge, End, Place, edges, places};
pub(crate) use template::{Part, template};
