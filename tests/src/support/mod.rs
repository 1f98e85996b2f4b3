//! The support table: a row for each command, EHLO keyword, parameter and mechanism that the library
//! has a type for, with the servers that took it. The dialogues, the tests with real servers and the
//! chapter of the guide all read it.

mod by_name;
mod commands;
mod keywords;
mod markdown;
mod mechanisms;
mod parameters;
mod witness;

pub use by_name::BY_NAME;
pub use commands::{CommandRow, commands};
pub use keywords::{KeywordRow, keywords};
pub use markdown::markdown;
pub use mechanisms::{MakeMechanism, MechanismRow, mechanisms};
pub use parameters::{Content, Give, ParameterRow, mailbox, parameters};
pub use witness::{Evidence, Witness};
