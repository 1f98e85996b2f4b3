//! AUTH: the mechanisms that the server offers (RFC 4954).

use smtp_grammar::{Capability, Params};

/// The keyword AUTH and the mechanisms that follow it.
///
/// ```text
/// auth-ehlo = "AUTH" *( SP sasl-mech )      ; RFC 4954 §3
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthMechanisms(Vec<String>);

/// How many names are kept of a list; the others are ignored.
const MAX_MECHANISMS: usize = 64;

impl AuthMechanisms {
    /// The mechanisms of both lists.
    pub(crate) fn and(mut self, others: &Self) -> Self {
        others.names().for_each(|name| self.insert(name));
        self
    }

    /// Adds a name that is not there yet.
    pub(crate) fn insert(&mut self, name: &str) {
        if !self.has(name) {
            self.0.push(name.to_ascii_uppercase());
        }
    }

    /// Takes a name out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|other| !other.eq_ignore_ascii_case(name));
    }

    /// Whether a mechanism is offered, whatever the case of its name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|other| other.eq_ignore_ascii_case(name))
    }

    /// The names, in the server's order, in upper case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl Capability for AuthMechanisms {
    const KEYWORD: &'static str = "AUTH";

    /// Names that no mechanism can have are ignored, and so are duplicates (RFC 4422 §3.1).
    fn parse(params: Params<'_>) -> Self {
        let mut names: Vec<String> = Vec::new();
        for param in params.filter(|param| is_mechanism(param)) {
            let name = param.to_ascii_uppercase();
            if names.len() < MAX_MECHANISMS && !names.contains(&name) {
                names.push(name);
            }
        }
        Self(names)
    }
}

/// The keyword X-EXPS and the mechanisms that follow it: Exchange lists some under this name alone,
/// and takes the verb X-EXPS for them ([MS-XLOGIN] is its LOGIN, [MS-SMTPNTLM] its NTLM).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeMechanisms(AuthMechanisms);

impl ExchangeMechanisms {
    /// Those mechanisms.
    pub fn mechanisms(&self) -> &AuthMechanisms {
        &self.0
    }
}

impl Capability for ExchangeMechanisms {
    const KEYWORD: &'static str = "X-EXPS";

    fn parse(params: Params<'_>) -> Self {
        Self(AuthMechanisms::parse(params))
    }
}

/// `sasl-mech = 1*20mech-char; mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE`
fn is_mechanism(name: &str) -> bool {
    (1..=20).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use smtp_grammar::{Capabilities, Reply, ReplyCode};

    use super::*;

    fn mechanisms(lines: &[&str]) -> Option<AuthMechanisms> {
        let lines = ["mail.example.org"].iter().chain(lines);
        Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines)).get()
    }

    #[test]
    fn names() {
        let table: &[(&[&str], &[&str])] = &[
            (&["AUTH"], &[]),
            (&["AUTH=LOGIN PLAIN", "AUTH CRAM-MD5"], &["LOGIN", "PLAIN", "CRAM-MD5"]),
            (&["auth plain Login"], &["PLAIN", "LOGIN"]),
            (&["AUTH A-NAME-OF-THIRTY-CHARACTERS-X PLAIN PLAIN ?"], &["PLAIN"]),
        ];
        for (lines, names) in table {
            let found = mechanisms(lines).expect("AUTH is listed");
            assert_eq!(found.names().collect::<Vec<_>>(), *names, "{lines:?}");
        }
        assert_eq!(mechanisms(&["AUTHX PLAIN"]), None);
        assert_eq!(mechanisms(&["X-EXPS PLAIN"]), None);
        let lines = ["mail.example.org", "X-EXPS GSSAPI NTLM", "X-EXPS=LOGIN"];
        let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
        let exchange = capabilities.get::<ExchangeMechanisms>().expect("X-EXPS is listed");
        assert!(exchange.mechanisms().names().eq(["GSSAPI", "NTLM", "LOGIN"]));
        assert!(mechanisms(&["AUTH PLAIN"]).is_some_and(|found| found.has("plain")));
    }
}
