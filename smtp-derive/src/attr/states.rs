//! The parser of states and of the edges between them, in `valid_in`, `transition` and `consumes`.

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Ident, Token};

use crate::errors::Errors;
use crate::nearest::{hint, listed};

/// The states that a command can name.
const STATES: &[&str] = &["Greeted", "Tls", "Authed", "BeforeAuth", "Idle", "InTransaction"];
/// The words of a list of states.
const SETS: &[&str] = &["Greeted", "Tls", "Authed", "Idle", "InTransaction", "any"];
/// The states that `Idle` stands for.
const IDLE: [&str; 4] = ["Greeted", "Tls", "Authed", LMTP];
/// The states between transactions of a session of LMTP, one for all: it has a parameter.
pub(crate) const LMTP: &str = "Lmtp";

/// States in which a command is valid, as one word of a list names them.
pub(crate) enum StateSet {
    Any,
    /// Every transaction, also one that began in another state.
    InTransaction,
    /// One state, or those of LMTP.
    State(Ident),
}

/// An edge between two concrete states.
pub(crate) struct Edge {
    pub(crate) from: End,
    pub(crate) to: End,
}

#[derive(Clone)]
pub(crate) enum End {
    Idle(Ident),
    InTransaction(Ident),
}

/// Reads the list between the parentheses of `valid_in(Tls, Idle)`.
pub(crate) fn state_sets(name: &Ident, tokens: TokenStream, errors: &Errors) -> Vec<StateSet> {
    let parse = Punctuated::<Ident, Token![,]>::parse_terminated;
    let names = match parse.parse2(tokens.clone()) {
        Ok(names) => names,
        Err(error) => {
            // A path or a string: underlined whole. Its last word is most often the state that was
            // meant.
            let meant = last_word(tokens.clone()).unwrap_or_else(|| "Tls".to_owned());
            let message = format!("states are written by name alone: `{name}({meant})`");
            errors.push(if tokens.is_empty() {
                syn::Error::new(error.span(), message)
            } else {
                syn::Error::new_spanned(tokens, message)
            });
            return Vec::new();
        }
    };
    let mut seen: Vec<String> = Vec::new();
    let mut sets = Vec::new();
    let alone = names.len() == 1;
    for name in names {
        if !known(&name, SETS, errors) {
            continue;
        }
        let states = match name.to_string().as_str() {
            "any" if !alone => {
                errors.at(&name, "`any` means every state: write it alone");
                continue;
            }
            "any" => {
                sets.push(StateSet::Any);
                continue;
            }
            "Idle" => IDLE.to_vec(),
            "Greeted" => vec!["Greeted"],
            "Tls" => vec!["Tls"],
            "Authed" => vec!["Authed"],
            _ => vec!["InTransaction"],
        };
        for state in states {
            if seen.iter().any(|other| other == state) {
                errors.at(&name, format!("`{state}` is named twice"));
                continue;
            }
            seen.push(state.to_owned());
            sets.push(if state == "InTransaction" {
                StateSet::InTransaction
            } else {
                StateSet::State(format_ident!("{state}", span = name.span()))
            });
        }
    }
    sets
}

/// The last state that is named in tokens of another form: `Tls` of `smtp::state::Tls` and of
/// `"Tls"`.
fn last_word(tokens: TokenStream) -> Option<String> {
    let words = tokens.into_iter().map(|token| token.to_string().trim_matches('"').to_owned());
    words.filter(|word| SETS.contains(&word.as_str())).last()
}

/// Reads the list between the parentheses of `transition(Tls => Authed, ..)`.
pub(crate) fn edges(name: &Ident, tokens: TokenStream, errors: &Errors) -> Vec<Edge> {
    let parse = |input: ParseStream<'_>| {
        let from: Ident = input.parse()?;
        input.parse::<Token![=>]>()?;
        Ok((from, input.parse::<Ident>()?))
    };
    let parse =
        |input: ParseStream<'_>| Punctuated::<_, Token![,]>::parse_terminated_with(input, parse);
    let Ok(pairs) = parse.parse2(tokens) else {
        errors.at(name, "a transition is written `transition(Tls => Authed)`");
        return Vec::new();
    };
    if pairs.is_empty() {
        errors.at(name, "`transition` names at least one edge: `transition(Tls => Authed)`");
    }
    let mut edges: Vec<Edge> = Vec::new();
    for (from, to) in pairs {
        if known(&from, STATES, errors) & known(&to, STATES, errors) {
            for edge in expand(&from, &to, errors) {
                if edges.iter().any(|other| other.starts_as(&edge)) {
                    errors.at(&from, format!("two transitions begin in `{from}`: keep one"));
                } else {
                    edges.push(edge);
                }
            }
        }
    }
    edges
}

/// The concrete edges that a pair of names means, if there is such an edge.
fn expand(from: &Ident, to: &Ident, errors: &Errors) -> Vec<Edge> {
    let idle = |state: &str, at: &Ident| End::Idle(format_ident!("{state}", span = at.span()));
    let inside =
        |state: &str, at: &Ident| End::InTransaction(format_ident!("{state}", span = at.span()));
    match (from.to_string().as_str(), to.to_string().as_str()) {
        ("Idle", "InTransaction") => {
            IDLE.map(|state| Edge { from: idle(state, from), to: inside(state, to) }).into()
        }
        ("InTransaction", "Idle") => {
            IDLE.map(|state| Edge { from: inside(state, from), to: idle(state, to) }).into()
        }
        (state @ ("Greeted" | "Tls" | "Authed"), "InTransaction") => {
            vec![Edge { from: idle(state, from), to: inside(state, to) }]
        }
        ("Greeted", "Greeted")
        | ("Tls", "Tls" | "Authed")
        | ("Authed", "Authed" | "BeforeAuth")
        | ("BeforeAuth", "BeforeAuth") => {
            vec![Edge { from: End::Idle(from.clone()), to: End::Idle(to.clone()) }]
        }
        (_, "Tls") => {
            errors.at(
                to,
                "only the library's TLS handshake leads into `Tls`: a command that begins one \
                 says `upgrade`",
            );
            Vec::new()
        }
        ("Greeted", "Authed") => {
            errors.at(to, "credentials do not travel in clear: `transition(Tls => Authed)`");
            Vec::new()
        }
        (one, other) => {
            errors.at(
                to,
                format!(
                    "no command leads from `{one}` to `{other}`; the edges are \
                     `Greeted => Greeted`, `Tls => Tls`, `Tls => Authed`, `Authed => Authed`, \
                     `Authed => BeforeAuth`, `Idle => InTransaction` and `InTransaction => Idle`"
                ),
            );
            Vec::new()
        }
    }
}

impl Edge {
    fn starts_as(&self, other: &Self) -> bool {
        match (&self.from, &other.from) {
            (End::Idle(one), End::Idle(two))
            | (End::InTransaction(one), End::InTransaction(two)) => one == two,
            _ => false,
        }
    }
}

fn known(name: &Ident, states: &[&str], errors: &Errors) -> bool {
    let text = name.to_string();
    let known = states.contains(&text.as_str());
    if text == "Home" {
        errors.at(name, "`Home` is called `Idle` now: each state between transactions");
    } else if !known {
        errors.at(
            name,
            format!(
                "`{text}` is not a state{}; the states are {}",
                hint(&text, states),
                listed(states)
            ),
        );
    }
    known
}
