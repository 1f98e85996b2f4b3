//! Derives for the crate `smtp`: commands, their replies, authentication mechanisms.
//!
//! Use them through `smtp`, which re-exports them: their output names `::smtp`.
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
//! The attributes are listed at the derives: [`SmtpCommand`] and [`SmtpReply`].

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

/// Derives an SMTP command, or an authentication mechanism.
///
/// # Attributes of a command
///
#[doc = include_str!("attributes/command.md")]
///
/// # Attributes of a mechanism
///
#[doc = include_str!("attributes/mechanism.md")]
#[proc_macro_derive(SmtpCommand, attributes(smtp))]
pub fn derive_command(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    command(&input).into()
}

/// Derives a type that a reply is read into.
///
/// # Attributes of a reply
///
#[doc = include_str!("attributes/reply.md")]
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
