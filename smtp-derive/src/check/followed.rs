//! The check of the input that follows a command: one rule for its 3yz, and one kind of input.
//!
//! A server that answers 3yz waits for input that is not a command. So a command that accepts a 3yz
//! says what the input is: its message (`content`), or answers (`converses`). Without that, the
//! server would take the next command for the input.

use syn::Ident;

use crate::attr::{Code, End};
use crate::errors::Errors;
use crate::model::Command;

pub(super) fn check(command: &Command, errors: &Errors) {
    if exclusive(command, errors) {
        return;
    }
    intermediate(command, errors);
    position(command, errors);
    resets(command, errors);
}

/// Whether the command names more than one kind of input.
fn exclusive(command: &Command, errors: &Errors) -> bool {
    let words = [&command.upgrade, &command.content, &command.converses];
    let mut words = words.into_iter().flatten();
    if let (Some(_), Some(second)) = (words.next(), words.next()) {
        errors.at(
            second,
            "a command is followed by a TLS handshake (`upgrade`), by a message (`content`) or by \
             answers to questions (`converses`): keep one",
        );
        return true;
    }
    if let (Some(converses), Some(_)) = (&command.converses, &command.lists.consumes) {
        errors.at(
            converses,
            "a command either asks questions (`converses`) or takes the connection over \
             (`consumes`): keep one",
        );
        return true;
    }
    false
}

/// The one rule for 3yz.
fn intermediate(command: &Command, errors: &Errors) {
    let mut codes = command.accepts.iter();
    match (&command.content, &command.converses) {
        (Some(_), _) => {
            if let Some(other) = codes.find(|code| code.class || code.number != 354) {
                errors.at(
                    &other.literal,
                    "the message follows an accepted reply, so `content` accepts 354 alone: \
                     remove `accepts`",
                );
            }
        }
        (None, Some(converses)) => {
            let questions = codes.filter(|code| is_intermediate(code)).count();
            if command.spoiled {
                // The codes may be the attribute that could not be read.
            } else if questions == 0 {
                errors.at(
                    converses,
                    "`converses` needs the 3yz by which the server asks: `accepts(250, 334)`",
                );
            } else if questions == command.accepts.len() {
                errors.at(
                    converses,
                    "`converses` needs the reply that ends the questions too: `accepts(250, 334)`",
                );
            }
        }
        (None, None) => {
            if let Some(code) = codes.find(|code| is_intermediate(code)) {
                errors.at(
                    &code.literal,
                    format!(
                        "after `{}` the server waits for input, and would take the next command \
                         for it: say `content` if the input is the message, `converses` if it is \
                         answers to questions, or remove the code",
                        code.literal
                    ),
                );
            }
        }
    }
}

fn is_intermediate(code: &Code) -> bool {
    code.number == 3 || code.number / 100 == 3
}

/// Checks the position of the command in a group of pipelined commands.
fn position(command: &Command, errors: &Errors) {
    if let (Some(_), Some(last)) = (&command.pipelining, &command.last) {
        errors.at(last, "a command is either `pipelining` or `last`: keep one");
        return;
    }
    let Some(position) = command.pipelining.as_ref().or(command.last.as_ref()) else {
        return;
    };
    let follows: Option<(&Ident, &str)> = None
        .or(command.upgrade.as_ref().map(|word| (word, "a TLS handshake follows the command")))
        .or(command.content.as_ref().map(|word| (word, "the message follows the command")))
        .or(command
            .converses
            .as_ref()
            .map(|word| (word, "answers to questions follow the command")));
    if let Some((word, why)) = follows {
        errors.at(
            position,
            format!(
                "{why} (`{word}`), so no command of a group can follow it: remove `{position}`"
            ),
        );
    } else if let Some(resets) = command.resets.as_ref().filter(|_| command.pipelining.is_some()) {
        errors.at(
            position,
            format!(
                "EHLO follows a command that `{resets}`, so no command of a group can follow it: \
                 remove `{position}`"
            ),
        );
    }
}

/// Checks that the client can say EHLO again, which it does after a transition only.
fn resets(command: &Command, errors: &Errors) {
    let Some(resets) = &command.resets else {
        return;
    };
    let opens = command.edges.iter().any(|edge| matches!(edge.to, End::InTransaction(_)));
    if opens {
        errors.at(
            resets,
            "a server that is back at its greeting has no transaction open: remove `resets`, or \
             lead to another state",
        );
    } else if command.upgrade.is_some() {
        errors.at(resets, "EHLO follows a TLS handshake anyway: remove `resets`");
    } else if !command.valid_in.is_empty() || command.edges.is_empty() {
        if command.spoiled {
            return;
        }
        errors.at(
            resets,
            "the client repeats EHLO after a transition only: name the states as \
             `transition(Tls => Tls)`",
        );
    }
}
