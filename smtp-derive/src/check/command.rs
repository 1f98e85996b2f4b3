//! The check of a command: attributes that are missing, states that are named twice, and words that
//! cannot stand on the wire.

use super::{field, followed};
use crate::attr::{End, StateSet, is_keyword, is_verb};
use crate::errors::Errors;
use crate::model::{Command, Field, Role, Shape};

pub(super) fn check(command: &Command, errors: &Errors) {
    names(command, errors);
    states(command, errors);
    followed::check(command, errors);
    for shape in &command.shapes {
        fields(command, shape, errors);
    }
    if let Some(lines) = &command.reply_lines
        && lines.base10_parse().is_ok_and(|lines: usize| lines == 0)
    {
        errors.at(lines, "a reply has at least one line: `reply_lines` says how many it may have");
    }
}

fn names(command: &Command, errors: &Errors) {
    for verb in command.verb.iter().chain(command.shapes.iter().filter_map(|s| s.verb.as_ref())) {
        is_verb(verb, errors);
    }
    let keywords = command.shapes.iter().filter_map(|shape| shape.requires.as_ref());
    for keyword in command.requires.iter().chain(keywords) {
        is_keyword(keyword, errors);
    }
    if command.verb.is_some() || command.spoiled {
        return;
    }
    let unnamed = |shape: &&Shape| shape.verb.is_none() && !shape.spoiled;
    if command.shapes.iter().all(|shape| shape.verb.is_none() && shape.variant.is_some())
        || command.shapes.iter().any(|shape| shape.variant.is_none())
    {
        // An enum without any verb gets this one error, not an error for each variant.
        if command.shapes.iter().any(|shape| unnamed(&shape)) {
            errors.at(
                &command.name,
                "this command has no verb: `#[smtp(verb = \"NOOP\")]`, on the type or on each \
                 variant; an authentication mechanism has a name instead: \
                 `#[smtp(mechanism = \"PLAIN\")]`",
            );
        }
        return;
    }
    for shape in command.shapes.iter().filter(unnamed) {
        errors.at(
            &shape.variant,
            "this variant has no verb: `#[smtp(verb = \"NOOP\")]`, here or on the type for all \
             variants",
        );
    }
}

fn states(command: &Command, errors: &Errors) {
    let lists = [&command.lists.valid_in, &command.lists.transition, &command.lists.consumes];
    let placed = lists.iter().any(|list| list.is_some());
    let special = command.upgrade.as_ref().or(command.content.as_ref());
    if !placed && special.is_none() && !command.spoiled {
        errors.at(
            &command.name,
            "this command does not say where it may be sent: `valid_in(..)` if it keeps the state, \
             `transition(A => B)` if it leads to another, `upgrade` if a TLS handshake follows, \
             `content` if the message does, `consumes(..)` if the server takes the connection over",
        );
    }
    if let (Some(special), true) = (special, placed) {
        errors.at(
            special,
            format!(
                "`{special}` says where the command is sent: remove `valid_in`, `transition` and \
                 `consumes`"
            ),
        );
        return;
    }
    let leaves = command.edges.iter().map(|edge| &edge.from);
    let twice = "a command either keeps this state (`valid_in`) or leaves it (`transition`, \
                 `consumes`): name it once";
    for end in leaves {
        let state = match end {
            End::Idle(state) | End::InTransaction(state) => state,
        };
        if command.valid_in.iter().chain(&command.consumes).any(|set| covers(set, end)) {
            errors.at(state, twice);
            // The states that `Idle` stands for are one mistake.
            return;
        }
    }
    for set in &command.consumes {
        if let Some(other) = command.valid_in.iter().find(|other| overlap(set, other)) {
            match (set, other) {
                (StateSet::State(state), _) | (_, StateSet::State(state)) => {
                    errors.at(state, twice);
                }
                _ => errors.at(&command.lists.consumes, twice),
            }
            return;
        }
    }
}

/// Whether `end` is one of the states of `set`.
fn covers(set: &StateSet, end: &End) -> bool {
    match (set, end) {
        (StateSet::Any, _) | (StateSet::InTransaction, End::InTransaction(_)) => true,
        (StateSet::State(state), End::Idle(from)) => state == from,
        _ => false,
    }
}

fn overlap(one: &StateSet, other: &StateSet) -> bool {
    match (one, other) {
        (StateSet::Any, _)
        | (_, StateSet::Any)
        | (StateSet::InTransaction, StateSet::InTransaction) => true,
        (StateSet::State(one), StateSet::State(other)) => one == other,
        _ => false,
    }
}

fn fields(command: &Command, shape: &Shape, errors: &Errors) {
    let keyword = shape.requires.as_ref().or(command.requires.as_ref());
    let mut unlisted = shape.fields.iter().filter_map(|field| field.if_listed.as_ref());
    if let (None, Some(if_listed)) = (keyword, unlisted.next()) {
        errors.at(
            if_listed,
            "`if_listed` needs the keyword that lists the parameter: `requires = \"XCLIENT\"`",
        );
    }
    for each in &shape.fields {
        field::check(each, errors);
    }
    no_keyword_twice(&shape.fields, errors);
    text_ends_the_line(command, shape, errors);
    if let Some(upgrade) = &command.upgrade
        && let Some(secret) = shape.fields.iter().find(|field| field.is_secret() && writes(field))
    {
        errors.at(
            &secret.ty,
            format!("a secret does not travel in clear, and `{upgrade}` is sent before TLS"),
        );
    }
}

/// Whether the field writes anything.
fn writes(field: &Field) -> bool {
    !matches!(field.role(), Role::Skip)
}

/// "Each parameter may stand once" (RFC 3461 §4.5 and others).
fn no_keyword_twice(fields: &[Field], errors: &Errors) {
    let mut seen: Vec<String> = Vec::new();
    for field in fields {
        let (Role::Param(keyword) | Role::Flag(keyword)) = field.role() else {
            continue;
        };
        let name = keyword.value().to_ascii_uppercase();
        if seen.contains(&name) {
            errors.at(keyword, "another field writes this parameter already");
        }
        seen.push(name);
    }
}

/// The server would read an argument after free text as a part of the text.
fn text_ends_the_line(command: &Command, shape: &Shape, errors: &Errors) {
    let mut written = shape.fields.iter().filter(|field| writes(field));
    let Some(text) = written.find(|field| matches!(field.role(), Role::Text)) else {
        return;
    };
    if written.next().is_none() && command.rest.is_none() {
        return;
    }
    let word = text.roles.first().map(|(word, _)| word);
    errors.at(
        word,
        "free text ends the line: make this the last field that is sent, and remove `rest`",
    );
}
