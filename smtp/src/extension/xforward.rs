//! XFORWARD: the server logs facts about the client that a message came from (Postfix
//! `XFORWARD_README`).

use smtp_grammar::{Capability, Params};

/// The keyword XFORWARD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XForwardExtension {
    attributes: Vec<String>,
}

impl XForwardExtension {
    /// The names of the attributes that the server takes, in upper case.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(String::as_str)
    }

    /// Whether the server lists this attribute, in any case.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}

impl Capability for XForwardExtension {
    const KEYWORD: &'static str = "XFORWARD";

    fn parse(params: Params<'_>) -> Self {
        let mut attributes: Vec<String> = Vec::new();
        for name in params.map(str::to_ascii_uppercase) {
            if !attributes.contains(&name) {
                attributes.push(name);
            }
        }
        Self { attributes }
    }
}
