//! Derives for the crate `smtp`: commands, their replies, authentication mechanisms.
//!
//! Use them through `smtp`, which re-exports them: what they expand to names `::smtp`.
//!
//! # A command
//!
//! ```text
//! #[derive(SmtpCommand)]
//! #[smtp(verb = "XCLIENT", requires = "XCLIENT", accepts(220), transition(Tls => Tls), resets)]
//! struct XClient {
//!     #[smtp(param = "ADDR", xtext)]
//!     addr: IpAddr,
//!     #[smtp(param = "NAME", xtext)]
//!     name: Option<String>,
//! }
//! ```
//!
//! expands to
//!
//! ```text
#![doc = include_str!("../tests/snapshots/xclient.rs")]
//! ```
//!
//! # Attributes of a command
//!
//! | on | attribute | meaning |
//! |---|---|---|
//! | type, variant | `verb = "VRFY"` | the verb; one that ends in `:` glues the first argument (`"MAIL FROM:"`) |
//! | type, variant | `requires = "SIZE"` | the EHLO keyword without which the command is not sent |
//! | type | `accepts(250, 251, 2xx)` | the replies that mean success (`2xx` without it) |
//! | type | `reply = Type` | what an accepted reply is read into (`smtp::Reply` without it) |
//! | type | `reply_lines = 1024` | how many lines the reply may have |
//! | type | `valid_in(Tls, Home, InTransaction, any)` | where it is sent with `send`; nowhere: `valid_in()` |
//! | type | `transition(Tls => Authed, ..)` | where it leads, sent with `transition` |
//! | type | `upgrade` | a TLS handshake follows it, sent with `upgrade` |
//! | type | `content` | its 354 opens the message, sent with `content` |
//! | type | `consumes(Authed)` | the server takes the connection over, sent with `hand_over` |
//! | type | `converses` | its 3yz opens a conversation, sent with `converse` |
//! | type | `rest = path` | a `fn(&Self, &mut Line)` that writes the rest of the line |
//! | type | `resets` | success takes the server back to its greeting: EHLO follows |
//! | type | `pipelining`, `last` | where it may stand in a group (`last` without it) |
//! | type | `stage = Mail` | whose timeout applies to its reply |
//! | type | `crate = path` | where the crate `smtp` is |
//! | field | | an argument, by its `Display` |
//! | field | `param = "SIZE"` | a parameter `SIZE=value` |
//! | field | `flag = "SMTPUTF8"` | a parameter without a value, of a `bool` |
//! | field | `xtext`, `base64`, `with = path` | how the value is encoded; `path` is a `fn(&T) -> impl Display` |
//! | field | `prefix = "@"` | text before the value |
//! | field | `join = ","` | a `Vec` as one argument |
//! | field | `requires = "SIZE"` | the EHLO keyword without which the field is an error |
//! | field | `if_offered = "SIZE"` | the EHLO keyword without which the field is left out |
//! | field | `if_listed` | left out where the command's own keyword does not list the parameter |
//! | field | `unless_default` | left out where it has its type's default |
//! | field | `raises = 26` | octets by which the field may lengthen the line |
//! | field | `utf8` | the line, and its transaction, may hold UTF-8 beyond ASCII |
//! | field | `flatten` | arguments that the value writes itself (`smtp::Arguments`) |
//! | field | `skip` | not sent |
//!
//! An `Option` is left out when it is `None`; a `Vec` is an argument for each of its values.
//!
//! # Attributes of a mechanism
//!
//! | on | attribute | meaning |
//! |---|---|---|
//! | type | `mechanism = "PLAIN"` | its name |
//! | type | `initial = "{user}\0{password}"` | what it says first: a template, or a `fn(&mut Self) -> Result<Secret, MechanismError>` |
//! | type | `respond("{user}", "{password}")` | its answers to challenges, in order |
//! | type | `respond = path` | a `fn(&mut Self, Challenge) -> Result<Step, MechanismError>` |
//! | type | `reveals_secret` | the peer that it talks to learns the secret |
//! | type | `complete = path` | a `fn(&Self) -> bool`: whether the server may claim success |
//! | field | `nonempty` | a template refuses it when it is empty |
//!
//! # Attributes of a reply
//!
//! | on | attribute | meaning |
//! |---|---|---|
//! | variant | `code(250, 251)`, `code(2xx)` | the codes of the variant |
//! | field | `text`, `text = path` | the first line, by its `FromStr` or a nom parser |
//! | field | `lines`, `lines = path` | every line, likewise, as a `Vec` |
//! | field | `word = 0` | a word of the first line, by its `FromStr`, counted from 0 |
//! | field | `key = "KEY"` | the value after `KEY=` in the first line, by its `FromStr`; an `Option` may be missing |
//! | field | `code`, `enhanced`, `reply` | the code, the enhanced status code, the whole reply |

mod attr;
mod check;
mod errors;
mod expand;
mod fallback;
mod model;
mod nearest;
mod span;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives an SMTP command, or an authentication mechanism. The crate's documentation has the
/// attributes.
#[proc_macro_derive(SmtpCommand, attributes(smtp))]
pub fn derive_command(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    command(&input).into()
}

/// Derives a type that a reply is read into. The crate's documentation has the attributes.
#[proc_macro_derive(SmtpReply, attributes(smtp))]
pub fn derive_reply(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    reply(&input).into()
}

fn command(input: &DeriveInput) -> proc_macro2::TokenStream {
    let errors = errors::Errors::new();
    let model = model::Model::of(input, &errors);
    check::check(&model, &errors);
    match errors.finish() {
        Ok(()) => expand::expand(&model),
        Err(error) => fallback::command(&model, &error),
    }
}

fn reply(input: &DeriveInput) -> proc_macro2::TokenStream {
    let errors = errors::Errors::new();
    let model = model::ReplyModel::of(input, &errors);
    check::reply(&model, &errors);
    match errors.finish() {
        Ok(()) => expand::reply(&model),
        Err(error) => fallback::reply(&model, &error),
    }
}

#[cfg(test)]
mod tests;
