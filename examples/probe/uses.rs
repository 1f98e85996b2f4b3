//! The offers of a server that this library would use.

use smtp::extension::{AuthMechanisms, ServerLimits, Size};
use smtp::grammar::Capabilities;

/// The mechanisms that a password is used with, the strongest first.
const OF_A_PASSWORD: [&str; 12] = [
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-384-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-224-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-384",
    "SCRAM-SHA-256",
    "SCRAM-SHA-224",
    "SCRAM-SHA-1",
    "PLAIN",
    "LOGIN",
];

/// Keywords, and what the library does with them.
const KEYWORDS: [(&str, &str); 8] = [
    ("PIPELINING", "the commands of a message leave in one flight"),
    ("SIZE", "a message that is too large is not sent at all"),
    ("8BITMIME", "8-bit content travels as it is"),
    ("SMTPUTF8", "addresses beyond ASCII"),
    ("DSN", "delivery reports, where the envelope asks for them"),
    ("CHUNKING", "BDAT instead of DATA, where the transfer asks for it"),
    ("BINARYMIME", "content without lines, in chunks"),
    ("LIMITS", "messages are split before a limit is met"),
];

/// A sentence for each offer that is used.
pub(crate) fn of(capabilities: &Capabilities) -> Vec<String> {
    let mut uses: Vec<String> = Vec::new();
    if let Some(name) = mechanism(capabilities) {
        uses.push(format!("AUTH {name}: for a password"));
    }
    for (keyword, what) in KEYWORDS {
        if capabilities.has(keyword) {
            uses.push(format!("{keyword}: {what}"));
        }
    }
    if !capabilities.has("PIPELINING") {
        uses.push("no PIPELINING: one round trip for each command".to_owned());
    }
    uses
}

/// The mechanism that a password would be used with.
fn mechanism(capabilities: &Capabilities) -> Option<&'static str> {
    let offered: AuthMechanisms = capabilities.get()?;
    OF_A_PASSWORD.into_iter().find(|name| offered.has(name))
}

/// The mechanisms, escaped: they are the server's text.
pub(crate) fn mechanisms(capabilities: &Capabilities) -> Vec<String> {
    let offered: Option<AuthMechanisms> = capabilities.get();
    let names = offered.iter().flat_map(AuthMechanisms::names);
    names.map(|name| name.escape_debug().to_string()).collect()
}

/// The lines of EHLO, without that of the greeting, escaped.
pub(crate) fn lines(capabilities: &Capabilities) -> Vec<String> {
    let lines = capabilities.raw_lines().skip(1);
    lines.map(|line| smtp::grammar::Escaped(line).to_string()).collect()
}

/// The limits that the server names, each with its value.
pub(crate) fn limits(capabilities: &Capabilities) -> Vec<(&'static str, u64)> {
    let size = capabilities.get::<Size>().and_then(Size::limit);
    let limits: ServerLimits = capabilities.get().unwrap_or_default();
    let all = [
        ("bytes of a message", size),
        ("messages of a session", limits.mail.map(u64::from)),
        ("recipients of a message", limits.rcpt.map(u64::from)),
        ("domains of the recipients of a message", limits.rcpt_domain.map(u64::from)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
