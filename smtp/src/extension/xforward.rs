//! XFORWARD: the server logs facts about the client that a message came from (Postfix
//! `XFORWARD_README`).

use smtp_grammar::{Capability, Params};

use super::names::Names;

/// The keyword XFORWARD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XForwardExtension {
    attributes: Names,
}

impl XForwardExtension {
    /// The names of the attributes that the server takes, in upper case.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter()
    }

    /// Whether the server lists this attribute, in any case.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.has(name)
    }
}

impl Capability for XForwardExtension {
    const KEYWORD: &'static str = "XFORWARD";

    fn parse(params: Params<'_>) -> Self {
        Self { attributes: Names::parse(params) }
    }
}
