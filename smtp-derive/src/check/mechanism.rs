//! The check of a mechanism: its name, and that it sends something.

use crate::attr::is_mechanism;
use crate::errors::Errors;
use crate::model::{Answers, Initial, Mechanism, TemplatePart};

pub(super) fn check(mechanism: &Mechanism, errors: &Errors) {
    if let Some(name) = &mechanism.name {
        is_mechanism(name, errors);
    }
    if let Answers::Templates(respond, templates) = &mechanism.answers
        && templates.is_empty()
        && !mechanism.spoiled
    {
        errors.at(
            respond,
            "`respond` lists the answers to the challenges, in order: \
             `respond(\"{user}\", \"{password}\")`",
        );
    }
    let silent = matches!((&mechanism.initial, &mechanism.answers), (Initial::None, Answers::None));
    if silent && !mechanism.spoiled {
        errors.at(
            &mechanism.ident,
            "this mechanism sends nothing: give it `initial = \"..\"` if it has an initial \
             response, `respond(\"..\")` if it answers challenges",
        );
    }
    unused(mechanism, errors);
}

/// A field that no template names is for the functions: its attributes would do nothing.
fn unused(mechanism: &Mechanism, errors: &Errors) {
    for (index, slot) in mechanism.slots.iter().enumerate() {
        let Some(word) = slot.nonempty.as_ref().or(slot.saslname.as_ref()) else {
            continue;
        };
        let sends = |part: &TemplatePart| matches!(part, TemplatePart::Field(at) if *at == index);
        let sent = mechanism.templates().flatten().any(sends);
        if !sent && !mechanism.spoiled {
            errors.at(
                word,
                format!(
                    "`{word}` applies to a field that a template sends, and no template names \
                     `{{{}}}`",
                    slot.name
                ),
            );
        }
    }
}
