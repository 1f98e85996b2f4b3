//! The third stage: checks of a model for attributes that contradict each other.
//!
//! A command says how the session goes on after it. Two attributes that say different things are an
//! error here, because neither of them could be kept: the program would compile, and the session
//! would lose step with the server.

mod command;
mod field;
mod followed;
mod mechanism;
mod reply;

pub(crate) use reply::check as reply;

use crate::errors::Errors;
use crate::model::{Kind, Model};

/// Finds contradictions in a type with `#[derive(SmtpCommand)]`.
pub(crate) fn check(model: &Model<'_>, errors: &Errors) {
    match &model.kind {
        Kind::Command(command) => command::check(command, errors),
        Kind::Mechanism(mechanism) => mechanism::check(mechanism, errors),
    }
}
