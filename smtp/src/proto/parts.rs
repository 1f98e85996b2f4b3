//! The parts of a reply that are no text: its code, its enhanced status code, the reply itself.
//!
//! Each has a trait of the one type that it is, so that a field of another type is an error that
//! says which type is right.

use smtp_grammar::{EnhancedStatusCode, Reply, ReplyCode};

/// A field with `#[smtp(code)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the code of a reply",
    label = "a code is a `ReplyCode`",
    note = "the field is a `smtp::grammar::ReplyCode`"
)]
pub trait HoldsCode: From<ReplyCode> {}

impl HoldsCode for ReplyCode {}

/// A field with `#[smtp(enhanced)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the enhanced status code of a reply",
    label = "it may be missing: an `Option<EnhancedStatusCode>`",
    note = "the field is an `Option<smtp::grammar::EnhancedStatusCode>`: not every reply has one (RFC 3463)"
)]
pub trait HoldsEnhanced: From<Option<EnhancedStatusCode>> {}

impl HoldsEnhanced for Option<EnhancedStatusCode> {}

/// A field with `#[smtp(reply)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a whole reply",
    label = "a reply is a `Reply`",
    note = "the field is a `smtp::Reply`; one that is read from its text says `#[smtp(text)]`"
)]
pub trait HoldsReply: From<Reply> {}

impl HoldsReply for Reply {}

/// The code.
pub fn code<T: HoldsCode>(reply: &Reply) -> T {
    reply.code().into()
}

/// The enhanced status code (RFC 3463), where there is one.
pub fn enhanced<T: HoldsEnhanced>(reply: &Reply) -> T {
    reply.enhanced().into()
}

/// The reply.
pub fn reply<T: HoldsReply>(reply: &Reply) -> T {
    reply.clone().into()
}
