//! Chapters: how to define what this library does not have.

#[doc = include_str!("command.md")]
pub mod command {}

#[doc = include_str!("mechanism.md")]
pub mod mechanism {}

#[doc = include_str!("attributes.md")]
pub mod attributes {}
