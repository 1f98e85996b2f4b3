//! Every name that `#[smtp(...)]` takes, by the place where it may stand.

/// A place where attributes stand, and the names that mean something there.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// "on a field": where it is, for messages.
    pub(crate) at: &'static str,
    names: &'static [&'static [&'static str]],
}

pub(crate) const COMMAND: &[&str] = &[
    "verb",
    "requires",
    "accepts",
    "reply",
    "reply_lines",
    "valid_in",
    "transition",
    "upgrade",
    "content",
    "consumes",
    "converses",
    "rest",
    "resets",
    "pipelining",
    "last",
    "stage",
];
pub(crate) const MECHANISM: &[&str] =
    &["mechanism", "initial", "respond", "reveals_secret", "complete"];

/// A type with `#[derive(SmtpCommand)]`.
pub(crate) const TYPE: Place =
    Place { at: "on this type", names: &[COMMAND, MECHANISM, &["crate"]] };
pub(crate) const VARIANT: Place = Place { at: "on a variant", names: &[&["verb", "requires"]] };
pub(crate) const FIELD: Place = Place {
    at: "on a field",
    names: &[&[
        "param",
        "flag",
        "text",
        "flatten",
        "skip",
        "xtext",
        "base64",
        "with",
        "prefix",
        "join",
        "secret",
        "requires",
        "if_offered",
        "if_listed",
        "unless_default",
        "raises",
        "utf8",
    ]],
};
pub(crate) const SLOT: Place =
    Place { at: "on a field of a mechanism", names: &[&["nonempty", "saslname"]] };
pub(crate) const REPLY: Place = Place { at: "on this type", names: &[&["crate"]] };
pub(crate) const REPLY_VARIANT: Place = Place { at: "on a variant", names: &[&["code"]] };
pub(crate) const REPLY_FIELD: Place = Place {
    at: "on a field of a reply",
    names: &[&["text", "lines", "word", "key", "code", "enhanced", "reply"]],
};

impl Place {
    /// All names, for messages.
    pub(crate) fn all(self) -> Vec<&'static str> {
        self.names.concat()
    }

    /// Whether `name` means something here.
    pub(crate) fn has(self, name: &str) -> bool {
        self.names.iter().any(|names| names.contains(&name))
    }

    /// Where `name` belongs, if it is a name of another place of the same derive.
    pub(crate) fn elsewhere(self, name: &str) -> Option<&'static str> {
        let places: &[(Place, &str)] = match (self.at, self.has("verb") || self.has("param")) {
            ("on a variant", true) => &[(TYPE, "on the type"), (FIELD, "on a field")],
            ("on this type", true) => &[(FIELD, "on a field")],
            ("on a field" | "on a field of a mechanism", _) => &[(TYPE, "on the type")],
            ("on this type", false) => {
                &[(REPLY_VARIANT, "on a variant"), (REPLY_FIELD, "on a field")]
            }
            ("on a variant", false) => &[(REPLY_FIELD, "on a field")],
            ("on a field of a reply", _) => &[(TYPE, "on the command")],
            _ => &[],
        };
        let found = places.iter().find(|(place, _)| place.has(name));
        found.map(|(_, belongs)| *belongs)
    }
}
