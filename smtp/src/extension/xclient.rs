//! XCLIENT: the server takes facts about the client that this one speaks for (Postfix
//! `XCLIENT_README`).

use smtp_grammar::{Capability, Params};

/// The keyword XCLIENT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XClientExtension {
    attributes: Vec<String>,
}

impl XClientExtension {
    /// The names of the attributes that the server takes, in upper case.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(String::as_str)
    }

    /// Whether the server lists this attribute, in any case.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}

impl Capability for XClientExtension {
    const KEYWORD: &'static str = "XCLIENT";

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
