//! The list of the names that `#[smtp(...)]` takes, with their targets, forms and meanings.
//!
//! They are listed here once: error messages take the names from here, and a test writes the tables
//! of the documentation from it.

/// An attribute: its form, which begins with its name, and its meaning.
pub(crate) struct Known(
    pub(crate) &'static str,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the tables that a test writes"))]
    pub(crate) &'static str,
);

impl Known {
    /// Its name. None for the meaning of a field without an attribute.
    pub(crate) fn name(&self) -> Option<&'static str> {
        let end = self.0.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &self.0[..end.unwrap_or(self.0.len())];
        (!name.is_empty()).then_some(name)
    }
}

/// An item that attributes stand on, and those that mean something there.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// "on a field": the item, for messages.
    pub(crate) at: &'static str,
    known: &'static [&'static [Known]],
}

pub(crate) const COMMAND: &[Known] = &[
    Known(
        r#"verb = "X-A""#,
        "the verb; after one that ends in `:` the first argument follows at once",
    ),
    Known(r#"requires = "X-A""#, "the EHLO keyword without which it is not sent"),
    Known(
        "accepts(250, 2xx)",
        "the replies that mean success; any 2yz without it, and 354 for `content`",
    ),
    Known("reply = Type", "the type that the reply is read into; `Reply` without it"),
    Known("reply_lines = 1024", "how many lines the reply may have; 128 without it"),
    Known(
        "valid_in(Tls, InTransaction)",
        "the states in which it is sent, and which it keeps: `Greeted`, `Tls`, `Authed`, `Idle` \
         for the three and those of LMTP, `InTransaction`, `any`; none: `valid_in()`",
    ),
    Known(
        "transition(A => B)",
        "the state before it and the one after it: `Greeted => Greeted`, `Tls => Tls`, `Tls => Authed`, \
         `Authed => Authed`, `Authed => BeforeAuth`, `Idle => InTransaction`, `InTransaction => Idle`",
    ),
    Known("upgrade", "a TLS handshake follows"),
    Known("content", "the message follows its 354"),
    Known("consumes(Authed)", "the server takes the connection over"),
    Known(
        "converses",
        "its 3yz is a question; it is sent neither alone nor in a group, and `accepts` lists the \
         3yz",
    ),
    Known("resets", "success takes the server back to its greeting: EHLO follows"),
    Known("pipelining", "others may follow it in a group"),
    Known("last", "it is the last of its group, as it is without either"),
    Known("stage = Mail", "the stage whose timeout applies"),
    Known("rest = path", "a `fn(&Self, &mut Line)` that writes the rest of the line"),
];
pub(crate) const MECHANISM: &[Known] = &[
    Known(r#"mechanism = "X-A""#, "its name"),
    Known(
        r#"initial = "{user}\0{password}""#,
        "its initial response: a template of its fields, none of which may hold a control byte of \
         the template or the mark that follows it there",
    ),
    Known("initial = path", "or a `fn(&mut Self) -> Result<Secret, MechanismError>`"),
    Known(r#"respond("{user}", "{password}")"#, "its answers to challenges, in order"),
    Known("respond = path", "or a `fn(&mut Self, Challenge) -> Result<Step, MechanismError>`"),
    Known(
        "reveals_secret",
        "a server that receives it can log in elsewhere; so does a template with a `Secret`",
    ),
    Known("complete = path", "a `fn(&Self) -> bool`: whether the server may claim success"),
];
const BOTH: &[Known] = &[Known("crate = path", "the path of the crate `smtp`")];

/// A type with `#[derive(SmtpCommand)]`.
pub(crate) const TYPE: Target = Target { at: "on this type", known: &[COMMAND, BOTH, MECHANISM] };
pub(crate) const VARIANT: Target = Target {
    at: "on a variant",
    known: &[&[
        Known(r#"verb = "X-A""#, "the verb of a form of the command"),
        Known(r#"requires = "X-A""#, "the EHLO keyword of a form of the command"),
    ]],
};
pub(crate) const FIELD: Target = Target {
    at: "on a field",
    known: &[&[
        Known(
            "",
            "an argument, by its `Display`; an `Option` may be missing, a `Vec` is an argument \
             for each",
        ),
        Known(r#"param = "KEY""#, "a parameter `KEY=value`"),
        Known(r#"flag = "KEY""#, "a parameter without a value, of a `bool`"),
        Known("text", "free text at the end of the line, spaces included"),
        Known("flatten", "arguments that the value writes itself (`smtp::command::Arguments`)"),
        Known("skip", "not sent"),
        Known("xtext", "encoded as xtext (RFC 3461 §4)"),
        Known("base64", "bytes encoded as base64"),
        Known("with = path", "encoded by a `fn(&T) -> impl Display`"),
        Known(r#"prefix = "@""#, "text before the value"),
        Known(r#"join = ",""#, "a `Vec` as one argument"),
        Known("secret", "treated as a `Secret`: in no trace, and sent in verified TLS alone"),
        Known(r#"requires = "X-A""#, "an error where the server does not list the keyword"),
        Known(r#"if_offered = "X-A""#, "left out where the server does not list the keyword"),
        Known("if_listed", "left out where the command's own keyword does not list the parameter"),
        Known("unless_default", "left out where it has its type's default"),
        Known("raises = 26", "bytes by which it may lengthen the line of 512"),
        Known("utf8", "the line, and its transaction, may hold UTF-8"),
    ]],
};
pub(crate) const SLOT: Target = Target {
    at: "on a field of a mechanism",
    known: &[&[
        Known("nonempty", "a template refuses it when it is empty"),
        Known(
            "saslname",
            "a template writes it with `=2C` for `,` and `=3D` for `=` (RFC 5802 §7)",
        ),
    ]],
};
pub(crate) const REPLY: Target = Target { at: "on this type", known: &[BOTH] };
pub(crate) const REPLY_VARIANT: Target = Target {
    at: "on a variant",
    known: &[&[Known(
        "code(250, 2xx)",
        "its codes; one that is listed exactly goes before its class",
    )]],
};
pub(crate) const REPLY_FIELD: Target = Target {
    at: "on a field of a reply",
    known: &[&[
        Known("text", "the first line, by its `FromStr`; an `Option` may be empty"),
        Known("text = path", "the first line, by a nom parser"),
        Known("lines", "every line, by its `FromStr`, as a `Vec`"),
        Known("lines = path", "every line, by a nom parser, as a `Vec`"),
        Known("word = 0", "a word of the first line, by its `FromStr`; an `Option` may be missing"),
        Known(
            r#"key = "KEY""#,
            "the value after `KEY=` in any line, by its `FromStr`, without its quotes; an \
             `Option` may be missing, a `Vec` has all",
        ),
        Known("code", "the code"),
        Known("enhanced", "the enhanced status code, where there is one"),
        Known("reply", "the whole reply"),
    ]],
};

/// The names of attributes, each once, for messages.
pub(crate) fn names(known: &[Known]) -> Vec<&'static str> {
    let mut names: Vec<&str> = known.iter().filter_map(Known::name).collect();
    names.dedup();
    names
}

impl Target {
    /// The attributes that mean something here.
    pub(crate) fn known(self) -> impl Iterator<Item = &'static Known> {
        self.known.iter().copied().flatten()
    }

    /// All names, for messages.
    pub(crate) fn all(self) -> Vec<&'static str> {
        self.known.iter().copied().flat_map(names).collect()
    }

    /// Whether `name` means something here.
    pub(crate) fn has(self, name: &str) -> bool {
        self.known().any(|known| known.name() == Some(name))
    }

    /// The target of `name`, if it means something on another one of the same derive.
    pub(crate) fn elsewhere(self, name: &str) -> Option<&'static str> {
        let targets: &[(Target, &str)] = match (self.at, self.has("verb") || self.has("param")) {
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
        let found = targets.iter().find(|(target, _)| target.has(name));
        found.map(|(_, belongs)| *belongs)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    /// The rows of a target, as "on type".
    fn rows<'a>(on: &str, known: impl Iterator<Item = &'a Known>, table: &mut String) {
        for Known(form, meaning) in known {
            let form = if form.is_empty() { "none".to_owned() } else { format!("`{form}`") };
            let _ = writeln!(table, "| {on} | {form} | {meaning} |");
        }
    }

    /// The tables of a command, of a mechanism and of a reply.
    fn tables() -> [(&'static str, String); 3] {
        let head = "| on | attribute | meaning |\n|---|---|---|\n";
        let [mut command, mut mechanism, mut reply] = [(); 3].map(|()| head.to_owned());
        rows("type", COMMAND.iter().chain(BOTH), &mut command);
        rows("variant", VARIANT.known(), &mut command);
        rows("field", FIELD.known(), &mut command);
        rows("type", MECHANISM.iter().chain(BOTH), &mut mechanism);
        rows("field", SLOT.known(), &mut mechanism);
        rows("type", REPLY.known(), &mut reply);
        rows("variant", REPLY_VARIANT.known(), &mut reply);
        rows("field", REPLY_FIELD.known(), &mut reply);
        [("command", command), ("mechanism", mechanism), ("reply", reply)]
    }

    /// Replaces the tables of a text, in their order.
    fn with_tables(text: &str, tables: &[(&str, String)]) -> String {
        let mut tables = tables.iter().map(|(_, table)| table);
        let mut lines = text.lines().peekable();
        let mut whole = String::new();
        while let Some(line) = lines.next() {
            if line.starts_with("| on | attribute |") {
                whole.push_str(tables.next().expect("a table for each"));
                while lines.next_if(|line| line.starts_with('|')).is_some() {}
            } else {
                whole.push_str(line);
                whole.push('\n');
            }
        }
        assert!(tables.next().is_none(), "a table is missing");
        whole
    }

    fn is_written(path: &Path, expected: &str) {
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(path, expected).expect("a table");
        }
        let text = std::fs::read_to_string(path).unwrap_or_default();
        assert!(text == expected, "{} is old: UPDATE_SNAPSHOTS=1 writes it", path.display());
    }

    /// `UPDATE_SNAPSHOTS=1 cargo test -p smtp-derive` writes them anew.
    #[test]
    fn the_documentation_has_every_attribute() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tables = tables();
        for (name, table) in &tables {
            is_written(&package.join(format!("src/attributes/{name}.md")), table);
        }
        // The guide is in another package: it is not there when this one stands alone.
        let guide = package.join("../smtp/src/guide/attributes.md");
        if let Ok(text) = std::fs::read_to_string(&guide) {
            is_written(&guide, &with_tables(&text, &tables));
            for Known(form, _) in
                [TYPE, FIELD, SLOT, REPLY_VARIANT, REPLY_FIELD].into_iter().flat_map(Target::known)
            {
                let example = text
                    .lines()
                    .any(|line| line.ends_with(':') && line.contains(&format!("`{form}`")));
                assert!(example || form.is_empty(), "the guide has no example of `{form}`");
            }
        }
    }
}
