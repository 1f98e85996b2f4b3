//! XCLIENT: the server takes facts about the client that this one speaks for (Postfix
//! `XCLIENT_README`).

use smtp_grammar::{Capability, Params};

use super::names::Names;

/// The keyword XCLIENT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XClientExtension {
    attributes: Names,
}

impl XClientExtension {
    /// The names of the attributes that the server takes, in upper case.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter()
    }

    /// Whether the server lists this attribute, in any case.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.has(name)
    }
}

impl Capability for XClientExtension {
    const KEYWORD: &'static str = "XCLIENT";

    fn parse(params: Params<'_>) -> Self {
        Self { attributes: Names::parse(params) }
    }
}
