//! The last stage: the generated code.
//!
//! It is data and calls; the algorithms are in the crate `smtp`, where they are tested once.

mod command;
mod field;
mod mechanism;
mod reply;
mod states;

pub(crate) use command::pipelined;
pub(crate) use reply::reply;
pub(crate) use states::{free, states};

use proc_macro2::TokenStream;

use crate::model::{Kind, Model};

/// The output for a model without errors.
pub(crate) fn expand(model: &Model<'_>) -> TokenStream {
    match &model.kind {
        Kind::Command(command) => command::command(model, command),
        Kind::Mechanism(mechanism) => mechanism::mechanism(model, mechanism),
    }
}
