//! BURL: the server fetches a message, or a part of it, by its URL (RFC 4468).

use smtp_grammar::{Capability, Params};

/// The keyword BURL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BurlExtension {
    sources: Vec<String>,
}

impl BurlExtension {
    /// The servers and schemes that a URL may have, such as `imap` or `imap://mail.example.org`, as the
    /// server wrote them. A server may list none before AUTH (RFC 4468 §3.3).
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// Whether the server lists this source, in any case.
    pub fn has(&self, name: &str) -> bool {
        self.sources.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}

impl Capability for BurlExtension {
    const KEYWORD: &'static str = "BURL";

    fn parse(params: Params<'_>) -> Self {
        let mut sources: Vec<String> = Vec::new();
        for name in params.map(str::to_owned) {
            if !sources.contains(&name) {
                sources.push(name);
            }
        }
        Self { sources }
    }
}
