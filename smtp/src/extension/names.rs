//! The names that a server lists after a keyword: the attributes of XCLIENT and XFORWARD.

use smtp_grammar::Params;

/// Names, each once, in upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn parse(params: Params<'_>) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in params.map(str::to_ascii_uppercase) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self(names)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether this one is listed, in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}
