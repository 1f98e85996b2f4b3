//! Chapters: how to connect, over LMTP too, and in fewer round trips; how to authenticate; what the
//! content of a message needs of the server; how to define commands and mechanisms that this library
//! does not have; those that it has, and which servers took them; and its errors.

#[doc = include_str!("connecting.md")]
pub mod connecting {}

#[doc = include_str!("lmtp.md")]
pub mod lmtp {}

#[doc = include_str!("authentication.md")]
pub mod authentication {}

#[doc = include_str!("content.md")]
pub mod content {}

#[doc = include_str!("command.md")]
pub mod command {}

#[doc = include_str!("by_hand.md")]
pub mod by_hand {}

#[doc = include_str!("exchanges.md")]
pub mod exchanges {}

#[doc = include_str!("mechanism.md")]
pub mod mechanism {}

#[doc = include_str!("parameters.md")]
pub mod parameters {}

#[doc = include_str!("capabilities.md")]
pub mod capabilities {}

#[doc = include_str!("support.md")]
pub mod support {}

#[doc = include_str!("round_trips.md")]
pub mod round_trips {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("attributes.md")]
pub mod attributes {}
